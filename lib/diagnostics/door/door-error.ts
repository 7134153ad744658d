import { messageOf } from '../../capability.js'
import { ThreadmeterError, type ThreadmeterErrorCode } from '../../errors.js'
import type { DoorError } from './protocol.js'

/** The statuses of what a capture can fail with; 500 for the rest. */
const STATUSES: Readonly<Record<string, number>> = {
  ERR_THREADMETER_INVALID_ARG_TYPE: 400,
  ERR_THREADMETER_OUT_OF_RANGE: 400,
  ERR_THREADMETER_BAD_REQUEST: 400,
  ERR_THREADMETER_THREAD_NOT_FOUND: 404,
  ERR_THREADMETER_THREAD_AMBIGUOUS: 409,
  ERR_THREADMETER_THREAD_BLOCKED: 409,
  ABORT_ERR: 409,
  ERR_THREADMETER_THREAD_ENDED: 410,
  ERR_THREADMETER_PROCESS_ENDED: 503,
  ERR_THREADMETER_BUSY: 503,
  ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE: 503,
  ERR_THREADMETER_TIMEOUT: 504,
  ERR_THREADMETER_NOT_ENOUGH_MEMORY: 507,
}

const TYPE_ERROR = 'ERR_THREADMETER_INVALID_ARG_TYPE'
const RANGE_ERROR = 'ERR_THREADMETER_OUT_OF_RANGE'

/** A request that no capture is behind: its status does not follow from its code. */
export class BadRequest extends ThreadmeterError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, reason: string, headers: Readonly<Record<string, string>> = {}) {
    super('ERR_THREADMETER_BAD_REQUEST', [reason])
    this.status = status
    this.headers = headers
  }
}

/** What a capture is ended with on command. */
export const abortError = (message: string): Error =>
  Object.assign(new Error(message), { name: 'AbortError', code: 'ABORT_ERR' })

/** Also the reason that an AbortSignal has by itself, whose code is a number. */
export const isAbortError = (error: unknown): boolean =>
  (error as { name?: unknown }).name === 'AbortError'

const isOwnCode = (code: unknown): code is string =>
  typeof code === 'string' && (code === 'ABORT_ERR' || code.startsWith('ERR_THREADMETER_'))

/** An error as it goes over the socket. The codes of others, ENOSPC say, are in their messages. */
export function sendError(error: unknown): DoorError {
  const { code, details } = (error ?? {}) as { code?: unknown; details?: unknown }
  return {
    code: isOwnCode(code) ? code : 'ERR_THREADMETER_CAPTURE_FAILED',
    message: messageOf(error),
    ...(details === undefined ? {} : { details }),
  }
}

export const statusOf = (error: unknown): number =>
  error instanceof BadRequest ? error.status : (STATUSES[sendError(error).code] ?? 500)

/** How long a client is asked to wait that was one too many. */
export function headersOf(error: unknown): Readonly<Record<string, string>> {
  if (error instanceof BadRequest) return error.headers
  return sendError(error).code === 'ERR_THREADMETER_BUSY' ? { 'retry-after': '1' } : {}
}

/** An error whose message is made already. */
class ReceivedError extends ThreadmeterError {
  constructor({ code, message }: DoorError) {
    super(code as ThreadmeterErrorCode, [])
    Object.defineProperty(this, 'message', { value: message, configurable: true, writable: true })
    this.stack = `${this.name}: ${message}\n${this.stack?.split('\n').slice(1).join('\n')}`
  }
}

function reviveKind({ code, message, ...rest }: DoorError): Error {
  if (code === TYPE_ERROR) return Object.assign(new TypeError(message), { code })
  if (code === RANGE_ERROR) return Object.assign(new RangeError(message), { code })
  if (code === 'ABORT_ERR') return abortError(message)
  return new ReceivedError({ code, message, ...rest })
}

/** The error that was sent, of the class that it had. */
export function reviveError(sent: DoorError): Error & { code?: string } {
  const error = reviveKind(sent)
  return sent.details === undefined ? error : Object.assign(error, { details: sent.details })
}
