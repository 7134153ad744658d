import { ThreadmeterError } from '../errors.js'
import { requireNative, scratch } from '../native.js'
import type { CpuUsage } from './fallback.js'

/** Where a process's CPU time went, each part in µs. */
export interface ProcessCpuUsage {
  /** The main thread. */
  main: CpuUsage
  /** Worker threads that are alive. */
  workers: CpuUsage
  /** All other live threads: libuv's pool, V8's compilers and collectors, native addons' own. */
  helpers: CpuUsage
  /** Threads of any kind that have ended. */
  exited: CpuUsage
  /** The process, as `process.cpuUsage()` reports it. */
  total: CpuUsage
}

/**
 * Splits the CPU time of the process by what used it. The parts add up to `total`: the kernel keeps what
 * ended threads used, to the nanosecond, so also thousands of short-lived workers are all in `exited`,
 * whether they loaded threadmeter or not. The sum is exact; user and system apart are sampled once a
 * timer tick for each thread, so these may differ from the total's by some ticks.
 *
 * A worker counts in `workers` while it lives and in `exited` afterwards. It is told by its registration,
 * or by its kernel name where Node gives one (22 and later): on Node 20 a worker that has not loaded
 * threadmeter counts among the `helpers`.
 *
 * Cost: 0.4 to 3 µs a thread.
 *
 * @throws {ThreadmeterError} `ERR_THREADMETER_PROCFS_UNAVAILABLE`, `ERR_THREADMETER_ADDON_UNAVAILABLE`
 * @see getrusage(2), clock_gettime(2), thread_group_cputime() in kernel/sched/cputime.c
 *
 * @example
 * ```js
 * import { processCpuUsage } from 'threadmeter'
 *
 * const { main, helpers, total } = processCpuUsage()
 * const sum = ({ user, system }) => user + system
 * console.log(`main ${sum(main) / sum(total)}, garbage collection and I/O ${sum(helpers) / sum(total)}`)
 * ```
 */
export function processCpuUsage(): ProcessCpuUsage {
  const native = requireNative('processCpuUsage()')
  if (!native.processParts()) {
    throw new ThreadmeterError('ERR_THREADMETER_PROCFS_UNAVAILABLE', [
      'processCpuUsage()',
      native.procfs(),
    ])
  }
  const part = (index: number): CpuUsage => ({
    user: scratch[index * 2] as number,
    system: scratch[index * 2 + 1] as number,
  })
  return { main: part(0), workers: part(1), helpers: part(2), exited: part(3), total: part(4) }
}
