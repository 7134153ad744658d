import { resolve } from 'node:path'
import { invalidArgType, outOfRange } from '../errors.js'
import type { CapturedThread, CaptureKind, CaptureRequest, ProgressEvent } from './model.js'
import { checkRequest } from './request.js'

/** What every capture can be told. */
export interface CaptureOptions {
  /**
   * ms to wait for a thread that is in a native call: the capture begins when that returns. Up to 3600000.
   * Default 0: it fails with ERR_THREADMETER_THREAD_BLOCKED and what is known of the call.
   */
  readonly wait?: number
  /**
   * Ends a capture early. Profiles resolve with what there is by then (`partial: 'aborted'`), all else
   * rejects with the reason of the signal.
   */
  readonly signal?: AbortSignal
  /** ms after which it rejects with ERR_THREADMETER_TIMEOUT, and nothing is kept. Default: none. */
  readonly timeout?: number
  /** Called when the capture waits, begins, and while it goes on, at most four times a second. */
  readonly onProgress?: (event: ProgressEvent) => void
}

export interface GcProfileOptions extends CaptureOptions {
  /** The window, from 0.01 to 3600. Default 10. */
  readonly seconds?: number
}

export interface CpuProfileOptions extends GcProfileOptions {
  /** µs between samples, from 50 to 1000000. Default 1000. */
  readonly interval?: number
}

export interface HeapProfileOptions extends GcProfileOptions {
  /** Mean bytes between samples, from 64 to 1073741824. Default 524288. */
  readonly interval?: number
}

export interface HeapSnapshotOptions extends CaptureOptions {
  /** Takes it where there seems to be too little memory. Default false. */
  readonly force?: boolean
  /** Where the file goes: a directory that the process can write to. Default `os.tmpdir()`. */
  readonly directory?: string
}

/** One thread's part in a capture of all. */
export type ThreadResult<Value> =
  | { readonly thread: CapturedThread; readonly value: Value }
  | { readonly thread: CapturedThread; readonly error: Error & { code?: string } }

/** The longest delay that a timer of Node can have. */
const LONGEST_MS = 2 ** 31 - 1

const TIMEOUT = `a number above 0 and up to ${LONGEST_MS}`

function checkTimeout(timeout: unknown): void {
  if (timeout === undefined) return
  if (typeof timeout !== 'number') throw invalidArgType('timeout', 'a number', timeout)
  if (timeout > 0 && timeout <= LONGEST_MS) return
  throw outOfRange('timeout', TIMEOUT, timeout)
}

function checkSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return
  throw invalidArgType('signal', 'an AbortSignal', signal)
}

function checkOnProgress(onProgress: unknown): void {
  if (onProgress === undefined || typeof onProgress === 'function') return
  throw invalidArgType('onProgress', 'a function', onProgress)
}

type Given = CpuProfileOptions & HeapSnapshotOptions

/** The request that the arguments of one of the functions make. Throws for the first that is wrong. */
export function requestFrom(kind: CaptureKind, thread: unknown, options: Given): CaptureRequest {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgType('options', 'an object', options)
  }
  const { timeout, signal, onProgress, directory, seconds, interval, wait, force } = options
  checkTimeout(timeout)
  checkSignal(signal)
  checkOnProgress(onProgress)
  // The process may have another working directory.
  const full = typeof directory === 'string' ? resolve(directory) : directory
  return checkRequest({ kind, thread, seconds, interval, wait, force, directory: full })
}
