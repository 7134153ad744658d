/** Where triggers are found; one of them is at `<path>/<id>`. */
export const TRIGGERS_PATH = '/v1/triggers'
