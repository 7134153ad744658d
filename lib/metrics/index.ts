import { reportThread } from '../runtime/report-thread.js'
import { attachWith } from './cluster-metrics.js'
import * as metrics from './exports.js'

export * from './exports.js'
// For programs that import a client as a whole.
export { metrics as default }

// Where the service has a runtime directory, observers see this thread from now on.
attachWith(reportThread)
reportThread()
