import { invalidArgType } from '../errors.js'
import type { CpuUsage } from './fallback.js'
import { LOOK, Looker } from './look.js'
import type { ThreadRole } from './roles.js'
import { THREAD_ROW } from './row.js'

/**
 * The kernel's letter for what a thread does: `R` running or runnable, `S` sleeping, `D` in
 * uninterruptible sleep (mostly disk), `T` stopped, `t` traced, `Z` zombie, `X` dead, `I` idle. See
 * proc_pid_stat(5).
 */
export type ThreadState = 'R' | 'S' | 'D' | 'T' | 't' | 'Z' | 'X' | 'I'

/** One thread in the snapshot of {@link threads}. */
export interface ThreadInfo {
  /** The kernel's id, as `top -H` shows it. */
  tid: number
  /** Node's id; null for threads without JavaScript and for workers that did not load threadmeter. */
  threadId: number | null
  /**
   * `main`; a worker's `name` option (on Node 20, where Node does not tell it, the name given to
   * `setThreadName()`), else `worker-<threadId>`; a helper's kernel name, else its role.
   */
  name: string
  role: ThreadRole
  /** When it started, in ms since the Unix epoch, to 10 ms; null without /proc. */
  startTime: number | null
  /** µs; the sum is exact, the split is sampled once a timer tick. */
  cpu: CpuUsage
  /** Exact CPU time in ns. */
  cpuTime: number
  /** ns for which it was runnable but got no processor; null where the kernel does not say. */
  runDelay: number | null
  /** Only with `contextSwitches: true`. */
  contextSwitches: { voluntary: number; involuntary: number } | null
  /** Only with `state: true`. */
  state: ThreadState | null
  /**
   * ms for which its event loop was idle and active since it loaded threadmeter: differences of two
   * looks give the utilization, as with `performance.eventLoopUtilization()`. Null for helpers.
   */
  eventLoopUtilization: { idle: number; active: number } | null
}

/** What {@link threads} reads. */
export interface ThreadsOptions {
  /** Run-queue delay; 0.5 to 3 µs for each thread that has run since the last look. Default true. */
  runDelay?: boolean
  /** Context switches; 6 to 30 µs a thread. Default false. */
  contextSwitches?: boolean
  /** The kernel's state letter; 3 to 20 µs a thread. Default false. */
  state?: boolean
}

/** What {@link threadsInto} reads. */
export interface ThreadsIntoOptions extends ThreadsOptions {
  /** `user` and `system`; 0.3 to 1.5 µs for each thread that has run since. Default false. */
  cpu?: boolean
}

/** The value of an option that must be a boolean. */
export function booleanOption(name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value !== 'boolean') throw invalidArgType(name, 'a boolean', value)
  return value
}

/** The options as an object; `undefined` stands for none. */
export function optionsObject<T extends object>(options: T | undefined): T {
  if (options === undefined) return {} as T
  if (typeof options !== 'object' || options === null) {
    throw invalidArgType('options', 'an object', options)
  }
  return options
}

function lookFlags(options: ThreadsIntoOptions | undefined, cpu: boolean, delay: boolean): number {
  if (options === undefined) return (cpu ? LOOK.split : 0) | (delay ? LOOK.runDelay : 0)
  optionsObject(options)
  return (
    (booleanOption('options.cpu', options.cpu, cpu) ? LOOK.split : 0) |
    (booleanOption('options.runDelay', options.runDelay, delay) ? LOOK.runDelay : 0) |
    (booleanOption('options.contextSwitches', options.contextSwitches, false) ? LOOK.switches : 0) |
    (booleanOption('options.state', options.state, false) ? LOOK.state : 0)
  )
}

// One for all calls in this thread: it remembers the identities of the threads.
let looker: Looker | undefined

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value)

function threadInfo(from: Looker, row: number): ThreadInfo {
  const at = (column: number): number => from.rows[row * THREAD_ROW.length + column] as number
  const { tid, threadId, name, role, startTime } = from.identity(at(THREAD_ROW.uid))
  const [voluntary, idle, state] = [THREAD_ROW.voluntary, THREAD_ROW.idle, THREAD_ROW.state].map(at)
  return {
    tid,
    threadId,
    name,
    role,
    startTime,
    cpu: { user: at(THREAD_ROW.user), system: at(THREAD_ROW.system) },
    cpuTime: at(THREAD_ROW.cpuTime),
    runDelay: orNull(at(THREAD_ROW.runDelay)),
    contextSwitches: Number.isNaN(voluntary)
      ? null
      : { voluntary: voluntary as number, involuntary: at(THREAD_ROW.involuntary) },
    state: Number.isNaN(state) ? null : (String.fromCharCode(state as number) as ThreadState),
    eventLoopUtilization: Number.isNaN(idle)
      ? null
      : { idle: idle as number, active: at(THREAD_ROW.active) },
  }
}

/**
 * A snapshot of every thread of this process, taken from outside: no thread is asked, interrupted or
 * waited for, so it is right while a worker sits in a loop, in `pbkdf2Sync`, in `execSync` or in
 * `Atomics.wait`. Works in any thread.
 *
 * A worker carries its `threadId`, name and event loop once it has loaded threadmeter. Where /proc cannot
 * be used the snapshot holds those threads alone; `capabilities().allThreads` says so.
 *
 * Cost: 0.5 µs for a thread that has not run since the last look, 2 to 5 µs for one that has;
 * `contextSwitches` and `state` cost extra, see {@link ThreadsOptions}.
 *
 * @throws {TypeError} `ERR_THREADMETER_INVALID_ARG_TYPE` for bad options
 * @throws {ThreadmeterError} `ERR_THREADMETER_ADDON_UNAVAILABLE`
 * @see clock_gettime(2), proc_pid_task(5), Documentation/scheduler/sched-stats.rst
 *
 * @example
 * ```js
 * import { threads } from 'threadmeter'
 *
 * for (const { tid, name, role, cpuTime } of threads()) {
 *   console.log(tid, name, role, `${Math.round(cpuTime / 1e6)} ms`)
 * }
 * ```
 */
export function threads(options?: ThreadsOptions): ThreadInfo[] {
  const flags = lookFlags(options, true, true) | LOOK.split
  looker ??= new Looker('threads()')
  looker.take(flags)
  return Array.from({ length: looker.count }, (_, row) => threadInfo(looker as Looker, row))
}

/**
 * The snapshot of {@link threads} as numbers in a caller's array, without allocating: for polling
 * hundreds of threads. Row `i` begins at `i * THREAD_ROW.length`; its columns are those of
 * {@link THREAD_ROW}.
 *
 * Cost: 0.3 to 1 µs a thread, up to 4 µs with caches gone cold, as at one look a second; see
 * {@link ThreadsIntoOptions} for what more costs.
 *
 * @returns the number of threads. It may be more than there is room for: then as many rows are written
 * as fit, and a larger array will hold them all
 * @throws {TypeError} `ERR_THREADMETER_INVALID_ARG_TYPE` for a bad target or bad options
 * @throws {ThreadmeterError} `ERR_THREADMETER_ADDON_UNAVAILABLE`
 *
 * @example
 * ```js
 * import { THREAD_ROW, threadsInto } from 'threadmeter'
 *
 * const rows = new Float64Array(256 * THREAD_ROW.length)
 * const count = Math.min(threadsInto(rows), 256)
 * let cpu = 0
 * for (let row = 0; row < count; row++) cpu += rows[row * THREAD_ROW.length + THREAD_ROW.cpuTime]
 * console.log(`${cpu / 1e9} s`)
 * ```
 */
export function threadsInto(target: Float64Array, options?: ThreadsIntoOptions): number {
  if (!(target instanceof Float64Array)) throw invalidArgType('target', 'a Float64Array', target)
  const flags = lookFlags(options, false, false)
  looker ??= new Looker('threadsInto()')
  return looker.takeInto(target, flags)
}
