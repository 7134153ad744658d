import { type Diagnostics, diagnosticsBy } from './face.js'
import type {
  CpuProfile,
  DiagnosticThread,
  GcProfile,
  HeapProfile,
  HeapSnapshotFile,
  StackReport,
  ThreadTarget,
} from './model.js'
import type {
  CaptureOptions,
  CpuProfileOptions,
  GcProfileOptions,
  HeapProfileOptions,
  HeapSnapshotOptions,
  ThreadResult,
} from './options.js'
import { checkPid, ownSocket, socketOf } from './sockets.js'

export type { Capture, Diagnostics } from './face.js'
export { toFormat } from './formats/convert.js'
export {
  HEAP_PROFILE_FORMATS,
  type HeapProfileFormat,
  PROFILE_FORMATS,
  type ProfileFormat,
} from './formats/formats.js'
export { enableDiagnostics } from './helper/host.js'
export type {
  CaptureDetails,
  CapturedThread,
  CaptureKind,
  CaptureRoute,
  CpuProfile,
  DiagnosticThread,
  GarbageCollection,
  GcProfile,
  HeapProfile,
  HeapProfileNode,
  HeapSnapshotFile,
  KernelView,
  PartialReason,
  ProfileNode,
  ProgressEvent,
  StackFrame,
  StackReport,
  ThreadTarget,
  ThreadWindow,
} from './model.js'
export type {
  CaptureOptions,
  CpuProfileOptions,
  GcProfileOptions,
  HeapProfileOptions,
  HeapSnapshotOptions,
  ThreadResult,
} from './options.js'
export type {
  StackOfTrigger,
  Trigger,
  TriggerCapture,
  TriggerConditions,
  TriggeredCapture,
} from './triggers/model.js'
export { when } from './when.js'

const own = diagnosticsBy(ownSocket)

/**
 * What a thread does at this moment: the exact stack of its JavaScript, or that it is idle, or in which
 * native call it is; with what the kernel says of it. Also of a thread whose JavaScript never returns to
 * the event loop. From any thread of the process, once diagnostics are enabled.
 *
 * Cost: the thread is stopped for about 1 ms.
 *
 * @param thread its threadId, its name or `main`; `all`: every thread that runs JavaScript
 * @throws {TypeError} `ERR_THREADMETER_INVALID_ARG_TYPE`
 * @throws {RangeError} `ERR_THREADMETER_OUT_OF_RANGE`
 * @throws {ThreadmeterError} `ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE`, `ERR_THREADMETER_THREAD_NOT_FOUND`,
 * `ERR_THREADMETER_THREAD_AMBIGUOUS`, `ERR_THREADMETER_THREAD_ENDED`, `ERR_THREADMETER_BUSY`,
 * `ERR_THREADMETER_TIMEOUT`
 *
 * @example
 * ```js
 * import { enableDiagnostics, stack } from 'threadmeter/diagnostics'
 *
 * await enableDiagnostics()
 * const { state, frames } = await stack('main')
 * console.log(state, frames[0]?.functionName)
 *
 * for (const result of await stack('all')) {
 *   if ('error' in result) console.error(result.thread.name, result.error.code)
 *   else console.log(result.thread.name, result.value.state)
 * }
 * ```
 */
export function stack(thread: 'all', options?: CaptureOptions): Promise<ThreadResult<StackReport>[]>
export function stack(thread?: ThreadTarget, options?: CaptureOptions): Promise<StackReport>
export function stack(thread?: ThreadTarget, options?: CaptureOptions): Promise<unknown> {
  return own.stack(thread, options)
}

/**
 * Samples the stack of a thread for a while: a `.cpuprofile`, which DevTools, VS Code and speedscope read
 * and {@link toFormat} converts, with the exact stack at its start and the kernel's figures for the window
 * under `threadmeter`. Also of a thread that is in a loop already.
 *
 * Cost: the thread is stopped for 30 to 70 ms at the start (longer with much code loaded, or a large heap),
 * and slowed down meanwhile by 0 to 7 % at the default interval.
 *
 * @throws {TypeError} `ERR_THREADMETER_INVALID_ARG_TYPE`
 * @throws {RangeError} `ERR_THREADMETER_OUT_OF_RANGE`
 * @throws {ThreadmeterError} as {@link stack}, and `ERR_THREADMETER_THREAD_BLOCKED` with the
 * {@link KernelView} as `details` when the thread is in a native call and `wait` is over
 *
 * @example
 * ```js
 * import { writeFileSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { cpuProfile, enableDiagnostics, toFormat } from 'threadmeter/diagnostics'
 *
 * await enableDiagnostics()
 * const profile = await cpuProfile('main', { seconds: 0.5 })
 * console.log(profile.threadmeter.window.cpuSeconds)
 * writeFileSync(`${tmpdir()}/main.html`, toFormat(profile, 'html'))
 * ```
 */
export function cpuProfile(
  thread: 'all',
  options?: CpuProfileOptions,
): Promise<ThreadResult<CpuProfile>[]>
export function cpuProfile(thread?: ThreadTarget, options?: CpuProfileOptions): Promise<CpuProfile>
export function cpuProfile(thread?: ThreadTarget, options?: CpuProfileOptions): Promise<unknown> {
  return own.cpuProfile(thread, options)
}

/**
 * What a thread allocates for a while and still holds at its end, by stack, sampled: a `.heapprofile`, which
 * DevTools read.
 *
 * Cost: 0 to 5 % of the thread's speed meanwhile, at the default interval.
 *
 * @throws as {@link cpuProfile}
 *
 * @example
 * ```js
 * import { enableDiagnostics, heapProfile } from 'threadmeter/diagnostics'
 *
 * await enableDiagnostics()
 * const { head } = await heapProfile('main', { seconds: 0.5, interval: 16_384 })
 * console.log(head.children.length)
 * ```
 */
export function heapProfile(
  thread: 'all',
  options?: HeapProfileOptions,
): Promise<ThreadResult<HeapProfile>[]>
export function heapProfile(
  thread?: ThreadTarget,
  options?: HeapProfileOptions,
): Promise<HeapProfile>
export function heapProfile(thread?: ThreadTarget, options?: HeapProfileOptions): Promise<unknown> {
  return own.heapProfile(thread, options)
}

/**
 * Writes all that is on the heap of a thread to a file, `.heapsnapshot`, which DevTools read. The file is the
 * caller's, to be removed by it; readable by this user alone.
 *
 * Cost: the thread stands still for about 1 s per 20 MB of file, longer with many small objects; a snapshot
 * takes memory in addition to the heap. `onProgress` is told the pause that is expected.
 *
 * @throws as {@link cpuProfile}, and {ThreadmeterError} `ERR_THREADMETER_NOT_ENOUGH_MEMORY` where there is
 * too little memory or room, unless `force` is set; `ERR_THREADMETER_CAPTURE_FAILED` where the file cannot be
 * written
 *
 * @example
 * ```js
 * import { rmSync } from 'node:fs'
 * import { enableDiagnostics, heapSnapshot } from 'threadmeter/diagnostics'
 *
 * await enableDiagnostics()
 * const { path, bytes } = await heapSnapshot('main')
 * console.log(path, bytes)
 * rmSync(path)
 * ```
 */
export function heapSnapshot(
  thread: 'all',
  options?: HeapSnapshotOptions,
): Promise<ThreadResult<HeapSnapshotFile>[]>
export function heapSnapshot(
  thread?: ThreadTarget,
  options?: HeapSnapshotOptions,
): Promise<HeapSnapshotFile>
export function heapSnapshot(
  thread?: ThreadTarget,
  options?: HeapSnapshotOptions,
): Promise<unknown> {
  return own.heapSnapshot(thread, options)
}

/**
 * The garbage collections of a thread over a while: of each its kind, its pause in ms, and the bytes of the
 * heap before and after.
 *
 * @throws as {@link cpuProfile}
 *
 * @example
 * ```js
 * import { enableDiagnostics, gcProfile } from 'threadmeter/diagnostics'
 *
 * await enableDiagnostics()
 * const { collections } = await gcProfile('main', { seconds: 0.5 })
 * console.log(collections.reduce((sum, { pause }) => sum + pause, 0))
 * ```
 */
export function gcProfile(
  thread: 'all',
  options?: GcProfileOptions,
): Promise<ThreadResult<GcProfile>[]>
export function gcProfile(thread?: ThreadTarget, options?: GcProfileOptions): Promise<GcProfile>
export function gcProfile(thread?: ThreadTarget, options?: GcProfileOptions): Promise<unknown> {
  return own.gcProfile(thread, options)
}

/**
 * The threads of this process that can be captured, with what the kernel says of each; rates since somebody
 * looked last, null the first time.
 *
 * @throws {ThreadmeterError} `ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE`, and `ERR_THREADMETER_TIMEOUT` where a
 * process does not answer within 10 s, as one that is stopped
 *
 * @example
 * ```js
 * import { enableDiagnostics, threads } from 'threadmeter/diagnostics'
 *
 * await enableDiagnostics()
 * for (const { threadId, name, kernel } of await threads()) console.log(threadId, name, kernel.state)
 * ```
 */
export const threads = (): Promise<readonly DiagnosticThread[]> => own.threads()

/**
 * The same functions for another process of this user that has diagnostics enabled, named by its pid. A
 * process in a container below can be reached as well; `heapSnapshot` then writes to and tells paths as they
 * are in there.
 *
 * @throws {RangeError} `ERR_THREADMETER_OUT_OF_RANGE`. The functions reject with {ThreadmeterError}
 * `ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE` where the process has no socket, or another user's, and with
 * `ERR_THREADMETER_PROCESS_ENDED` where there is none or it ends.
 *
 * @example
 * ```js
 * import { diagnosticsOf, enableDiagnostics } from 'threadmeter/diagnostics'
 *
 * await enableDiagnostics()
 * const { stack } = diagnosticsOf(process.pid)
 * console.log((await stack('main')).state)
 * ```
 */
export function diagnosticsOf(pid: number): Diagnostics {
  const checked = checkPid(pid)
  return diagnosticsBy(() => socketOf(checked))
}
