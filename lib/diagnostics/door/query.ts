import type { CaptureKind, CaptureRequest } from '../model.js'
import { checkRequest } from '../request.js'
import { BadRequest } from './door-error.js'

/** What can stand behind the question mark of a capture's path, and what becomes of it. */
const PARAMETERS: Readonly<Record<string, (text: string) => unknown>> = {
  thread: (text) => (/^\d+$/.test(text) ? Number(text) : text),
  seconds: numberIn,
  interval: numberIn,
  wait: numberIn,
  force: booleanIn,
  directory: (text) => text,
}

/** The name that a client gives its request, to end it by. */
const ID = 'id'
const ID_TEXT = /^[\w.-]{1,64}$/

/** A text that is no number stays one, for the error to show. */
function numberIn(text: string): unknown {
  return /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text
}

function booleanIn(text: string): unknown {
  if (['', '1', 'true'].includes(text)) return true
  return ['0', 'false'].includes(text) ? false : text
}

/** Throws for a parameter that is not among `known`, or that is there twice. */
export function refuseUnknown(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys()) {
    if (!known.includes(name)) {
      const list = known.length === 0 ? 'none here' : `only ${known.join(', ')}`
      throw new BadRequest(400, `there is no parameter ${JSON.stringify(name)}, ${list}`)
    }
    if (query.getAll(name).length > 1) throw new BadRequest(400, `${name} is there twice`)
  }
}

export interface AskedCapture {
  readonly request: CaptureRequest
  readonly id: string | null
}

/** The capture that a query asks for. Throws what is wrong about it. */
export function readCapture(kind: CaptureKind, query: URLSearchParams): AskedCapture {
  refuseUnknown(query, [...Object.keys(PARAMETERS), ID])
  const fields: Record<string, unknown> = { kind, thread: kind === 'stack' ? 'all' : 'main' }
  for (const [name, text] of query) fields[name] = PARAMETERS[name]?.(text)
  const id = query.get(ID)
  if (id !== null && !ID_TEXT.test(id)) {
    throw new BadRequest(400, 'an id is 1 to 64 letters, digits, dots, dashes and underscores')
  }
  return { request: checkRequest(fields), id }
}

/** The other way around: what is asked of a socket for a request. */
export function writeCapture(request: CaptureRequest, id: string): string {
  const { kind, thread, directory, ...rest } = request
  const query = new URLSearchParams({ thread: String(thread), id })
  for (const [name, value] of Object.entries(rest)) query.set(name, String(value))
  if (directory !== null) query.set('directory', directory)
  return `/v1/${kind}?${query}`
}
