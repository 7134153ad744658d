import { inspect } from 'node:util'

const MESSAGES = {
  ERR_THREADMETER_ADDON_UNAVAILABLE: (call: string) =>
    `${call} needs the native addon, which could not be loaded (see cause)`,
  ERR_THREADMETER_PROCFS_UNAVAILABLE: (call: string, reason: string) =>
    `${call} needs /proc/self/task, which cannot be used here: ${reason}`,
  ERR_THREADMETER_MAIN_THREAD: (call: string) =>
    `${call} cannot be used on the main thread: its kernel name is the name of the process`,
  ERR_THREADMETER_NOT_PROMETHEUS: (call: string, missing: string) =>
    `${call} needs prom-client 15 or @prometheus-io/client 0.16: ${missing}`,
  ERR_THREADMETER_PEER_MISSING: (call: string, peer: string) =>
    `${call} needs the package ${peer}, which could not be imported (see cause)`,
  ERR_THREADMETER_METRIC_EXISTS: (name: string) =>
    `a metric with the name ${name} has already been registered`,
  ERR_THREADMETER_LISTEN: (where: string) =>
    `the observer cannot listen on ${where} (see cause): THREADMETER_PORT names another port, 0 any free one, and THREADMETER_SERVE=off goes without; all but its pages works without it`,
  ERR_THREADMETER_OBSERVER_FAILED: () => "the observer's thread failed (see cause)",
  ERR_THREADMETER_OBSERVER_CLOSED: () => 'the observer was closed',
  ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE: (reason: string) =>
    `diagnostics cannot be had here: ${reason}`,
  ERR_THREADMETER_THREAD_NOT_FOUND: (thread: string, known: string) =>
    `there is no thread ${thread}; there are ${known}`,
  ERR_THREADMETER_THREAD_AMBIGUOUS: (thread: string, known: string) =>
    `several threads are called ${thread}: name one by its threadId, ${known}`,
  ERR_THREADMETER_THREAD_BLOCKED: (thread: string, known: string) =>
    `${thread} is in a native call, which no request can reach before it returns: ${known}`,
  ERR_THREADMETER_THREAD_ENDED: (thread: string) => `${thread} ended before it could answer`,
  ERR_THREADMETER_PROCESS_ENDED: (pid: string) => `process ${pid} ended before it could answer`,
  ERR_THREADMETER_TIMEOUT: (what: string, seconds: string) =>
    `${what} was not done within ${seconds} s`,
  ERR_THREADMETER_CAPTURE_FAILED: (what: string, reason: string) => `${what} failed: ${reason}`,
  ERR_THREADMETER_NOT_ENOUGH_MEMORY: (thread: string, need: string, have: string) =>
    `a heap snapshot of ${thread} may need ${need}, and ${have}; force takes it all the same`,
  ERR_THREADMETER_BUSY: (what: string) => `too many requests wait: ${what}`,
  ERR_THREADMETER_BAD_REQUEST: (reason: string) => `the request cannot be answered: ${reason}`,
  ERR_THREADMETER_ATTACH_FAILED: (pid: string, reason: string) =>
    `cannot attach to process ${pid}: ${reason}`,
  ERR_THREADMETER_PERF_UNAVAILABLE: (reason: string) => `perf cannot be used: ${reason}`,
}

/** The codes of {@link ThreadmeterError}. */
export type ThreadmeterErrorCode = keyof typeof MESSAGES

/**
 * What threadmeter throws when something cannot be read on this host. `code` is stable, `cause` is the
 * error behind it. Wrong arguments are a `TypeError` or a `RangeError` instead, with a code
 * `ERR_THREADMETER_INVALID_ARG_TYPE` or `ERR_THREADMETER_OUT_OF_RANGE`.
 *
 * @example
 * ```js
 * import { threads, ThreadmeterError } from 'threadmeter'
 *
 * try {
 *   console.log(threads().length)
 * } catch (error) {
 *   if (error instanceof ThreadmeterError) console.error(error.code, error.cause)
 *   else throw error
 * }
 * ```
 */
export class ThreadmeterError extends Error {
  readonly code: ThreadmeterErrorCode

  constructor(code: ThreadmeterErrorCode, details: string[], cause?: unknown) {
    const message = MESSAGES[code] as (...details: string[]) => string
    super(message(...details), cause === undefined ? undefined : { cause })
    this.code = code
  }

  override get name(): string {
    return 'ThreadmeterError'
  }
}

type CodedError = Error & { code: string }

const withCode = (error: Error, code: string): CodedError => Object.assign(error, { code })

/** A value of the wrong type, named with what was expected and what came. */
export function invalidArgType(name: string, expected: string, value: unknown): CodedError {
  const message = `"${name}" must be ${expected}. Received ${inspect(value, { depth: 0 })}`
  return withCode(new TypeError(message), 'ERR_THREADMETER_INVALID_ARG_TYPE')
}

/** A value of the right type that cannot be used. */
export function outOfRange(name: string, expected: string, value: unknown): CodedError {
  const message = `"${name}" must be ${expected}. Received ${inspect(value, { depth: 0 })}`
  return withCode(new RangeError(message), 'ERR_THREADMETER_OUT_OF_RANGE')
}
