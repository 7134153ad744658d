import type { CaptureDetails, CapturedThread, CaptureKind, ProgressEvent } from '../model.js'

/** The version in the path of every route. It grows when an answer changes its meaning. */
export const PROTOCOL = 1

/** What follows the identity of a process (`<pid>-<start>-<pid namespace>`) in its socket's name. */
export const SOCKET_SUFFIX = '.sock'

/** Whoever accepts it is told of the progress; see {@link DoorEvent}. */
export const EVENTS_TYPE = 'application/vnd.threadmeter.events'

/** The type of a capture's body, by its kind. */
export const CONTENT_TYPES: Readonly<Record<CaptureKind, string>> = {
  stack: 'application/json',
  'cpu-profile': 'application/json',
  'heap-profile': 'application/json',
  'gc-profile': 'application/json',
  'heap-snapshot': 'application/octet-stream',
}

/** What `GET /v1` answers. */
export interface DoorInfo {
  readonly protocol: typeof PROTOCOL
  readonly threadmeter: string
  readonly node: string
  readonly pid: number
  readonly program: string
  /** What can be asked for, and under which path. */
  readonly captures: readonly CaptureKind[]
}

/** An error as it is sent; the body of every answer that is not 200 is `{ error: DoorError }`. */
export interface DoorError {
  readonly code: string
  readonly message: string
  /** Of ERR_THREADMETER_THREAD_BLOCKED: the {@link KernelView}. */
  readonly details?: unknown
}

/**
 * The lines of an answer of type {@link EVENTS_TYPE}: each is JSON and ends with a line feed. Behind a
 * `result` and its line feed follow `bytes` bytes: the capture. `end` is the last line; an answer without
 * it is cut off.
 */
export type DoorEvent =
  | ProgressEvent
  | {
      readonly event: 'result'
      readonly kind: CaptureKind
      readonly thread: CapturedThread
      readonly bytes: number
      /** Of a heap snapshot, which does not say it itself. */
      readonly details?: CaptureDetails
    }
  /** One thread's capture failed. */
  | { readonly event: 'failed'; readonly thread: CapturedThread; readonly error: DoorError }
  /** `error`: the whole request failed. */
  | { readonly event: 'end'; readonly error?: DoorError }
