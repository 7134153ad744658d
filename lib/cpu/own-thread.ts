import { invalidArgType, outOfRange, ThreadmeterError } from '../errors.js'
import { native, requireNative, scratch } from '../native.js'
import { availableThreadCpuUsage, type CpuUsage } from './fallback.js'

/** What `threadResourceUsage()` returns: the fields of `process.resourceUsage()` kept per thread. */
export interface ThreadResourceUsage {
  /** µs in user code. */
  userCPUTime: number
  /** µs in the kernel on the thread's behalf. */
  systemCPUTime: number
  /** Page faults served without I/O. */
  minorPageFault: number
  /** Page faults that needed I/O. */
  majorPageFault: number
  /** Times the file system had to read a block for this thread. */
  fsRead: number
  /** Times the file system had to write a block for this thread. */
  fsWrite: number
  /** Times the thread gave up the processor, mostly to wait. */
  voluntaryContextSwitches: number
  /** Times the thread was taken off the processor while it wanted to go on. */
  involuntaryContextSwitches: number
}

// What process.cpuUsage() accepts as a previous value.
const isTime = (value: unknown): boolean =>
  typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER

/** Throws what `process.cpuUsage(previous)` throws, by letting it. */
function checkPrevious(previous: CpuUsage): void {
  if (typeof previous === 'object' && isTime(previous.user) && isTime(previous.system)) return
  process.cpuUsage(previous)
}

function readUsage(): CpuUsage {
  if (native !== undefined) {
    native.usage()
    return { user: scratch[0] as number, system: scratch[1] as number }
  }
  const fallback = availableThreadCpuUsage()
  return fallback === undefined ? (requireNative('threadCpuUsage()') as never) : fallback()
}

/**
 * CPU time of the calling thread, split into user and system, in µs. The sum is exact to the
 * microsecond, the running time slice included; the kernel samples the split once a timer tick, so trust
 * it over a second or more. Neither part ever goes down.
 *
 * Works on the main thread and in every worker. Without the addon it is `process.threadCpuUsage()`,
 * which lags by up to a timer tick, where Node has that.
 *
 * Cost: two system calls, 0.4 to 1.5 µs.
 *
 * @param previous an earlier result: the difference to it is returned
 * @throws {TypeError|RangeError} for a bad `previous`, exactly as `process.cpuUsage(previous)` does
 * @throws {ThreadmeterError} `ERR_THREADMETER_ADDON_UNAVAILABLE` where neither addon nor fallback exists
 * @see clock_gettime(2) CLOCK_THREAD_CPUTIME_ID, getrusage(2) RUSAGE_THREAD
 *
 * @example
 * ```js
 * import { createHash } from 'node:crypto'
 * import { threadCpuUsage } from 'threadmeter'
 *
 * const before = threadCpuUsage()
 * createHash('sha256').update(Buffer.alloc(1e6)).digest()
 * const { user, system } = threadCpuUsage(before)
 * console.log(`${user + system} µs`)
 * ```
 */
export function threadCpuUsage(previous?: CpuUsage): CpuUsage {
  if (previous) checkPrevious(previous)
  const usage = readUsage()
  if (previous) {
    usage.user -= previous.user
    usage.system -= previous.system
  }
  return usage
}

/**
 * CPU time of the calling thread in ns, by its clock alone: the way to measure one task.
 *
 * Cost: one system call, 0.25 to 0.8 µs.
 *
 * @throws {ThreadmeterError} `ERR_THREADMETER_ADDON_UNAVAILABLE`
 * @see clock_gettime(2) CLOCK_THREAD_CPUTIME_ID
 *
 * @example
 * ```js
 * import { threadCpuTime } from 'threadmeter'
 *
 * const before = threadCpuTime()
 * JSON.parse(JSON.stringify(process.versions))
 * console.log(`${(threadCpuTime() - before) / 1e3} µs`)
 * ```
 */
export function threadCpuTime(): number {
  if (native === undefined) requireNative('threadCpuTime()')
  else native.cpuTime()
  return scratch[0] as number
}

/**
 * Resources that the calling thread has used: those fields of `process.resourceUsage()` that Linux
 * keeps per thread. The others (`maxRSS` and the like) belong to the process and are not here.
 *
 * Cost: two system calls, 0.4 to 1.5 µs.
 *
 * @throws {ThreadmeterError} `ERR_THREADMETER_ADDON_UNAVAILABLE`
 * @see getrusage(2) RUSAGE_THREAD
 *
 * @example
 * ```js
 * import { threadResourceUsage } from 'threadmeter'
 *
 * const { involuntaryContextSwitches } = threadResourceUsage()
 * console.log(`preempted ${involuntaryContextSwitches} times`)
 * ```
 */
export function threadResourceUsage(): ThreadResourceUsage {
  requireNative('threadResourceUsage()').usage()
  return {
    userCPUTime: scratch[0] as number,
    systemCPUTime: scratch[1] as number,
    minorPageFault: scratch[2] as number,
    majorPageFault: scratch[3] as number,
    fsRead: scratch[6] as number,
    fsWrite: scratch[7] as number,
    voluntaryContextSwitches: scratch[4] as number,
    involuntaryContextSwitches: scratch[5] as number,
  }
}

/**
 * The kernel's id of the calling thread: what `top -H`, `perf` and /proc show.
 *
 * Cost: one system call, 0.1 to 0.3 µs.
 *
 * @throws {ThreadmeterError} `ERR_THREADMETER_ADDON_UNAVAILABLE`
 * @see gettid(2)
 *
 * @example
 * ```js
 * import { gettid } from 'threadmeter'
 *
 * console.log(`top -H -p ${process.pid} shows this thread as ${gettid()}`)
 * ```
 */
export function gettid(): number {
  return requireNative('gettid()').gettid()
}

const MAX_NAME_BYTES = 15

/**
 * Names the calling worker thread for the kernel, so that `top -H`, `ps -L` and gdb show it, and for
 * `threads()`. Opt-in: threadmeter itself renames nothing.
 *
 * Cost: one system call, 1 µs.
 *
 * @param name 1 to 15 bytes of UTF-8 without NUL
 * @throws {TypeError} `ERR_THREADMETER_INVALID_ARG_TYPE` when it is no string
 * @throws {RangeError} `ERR_THREADMETER_OUT_OF_RANGE` when it is empty, too long or holds a NUL
 * @throws {ThreadmeterError} `ERR_THREADMETER_MAIN_THREAD` on the main thread, whose name is that of
 * the process; `ERR_THREADMETER_ADDON_UNAVAILABLE`
 * @see prctl(2) PR_SET_NAME
 *
 * @example
 * ```js
 * import { isMainThread } from 'node:worker_threads'
 * import { setThreadName } from 'threadmeter'
 *
 * if (!isMainThread) setThreadName('thumbnails')
 * ```
 */
export function setThreadName(name: string): void {
  if (typeof name !== 'string') throw invalidArgType('name', 'a string', name)
  const bytes = Buffer.byteLength(name)
  if (bytes < 1 || bytes > MAX_NAME_BYTES || name.includes('\0')) {
    throw outOfRange('name', `1 to ${MAX_NAME_BYTES} bytes of UTF-8 without NUL`, name)
  }
  if (!requireNative('setThreadName()').setThreadName(name)) {
    throw new ThreadmeterError('ERR_THREADMETER_MAIN_THREAD', ['setThreadName()'])
  }
}
