import { native, nativeError } from '../native.js'
import { availableThreadCpuUsage } from './fallback.js'

/** Whether one thing can be read on this host, and why not where it cannot. */
export type Capability =
  | { readonly available: true; readonly source: string }
  | { readonly available: false; readonly reason: string }

/** What {@link capabilities} returns. */
export interface Capabilities {
  /** The native addon itself. */
  readonly addon: Capability
  /** `threadCpuUsage()`: by the addon, or by Node's own call as a fallback. */
  readonly threadCpuUsage: Capability
  /** `threadCpuTime()`, `measureCpu()`, `threadResourceUsage()`, `gettid()`, `setThreadName()`. */
  readonly ownThread: Capability
  /** CPU of the threads that loaded threadmeter, from any thread. */
  readonly registeredThreads: Capability
  /** All threads of the process: `processCpuUsage()`, and helper threads in `threads()`. */
  readonly allThreads: Capability
  /** Run-queue delay of threads. */
  readonly runDelay: Capability
  /** Event loop utilization of threads that loaded threadmeter. */
  readonly eventLoopUtilization: Capability
}

const available = (source: string): Capability => ({ available: true, source })
const missing = (reason: string): Capability => ({ available: false, reason })

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Available from `source` unless the addon gave a reason against it. */
const unless = (reason: string, what: string, source: string): Capability =>
  reason === '' ? available(source) : missing(`${what}: ${reason}`)

/**
 * What can be read on this host, and for what cannot be read the reason. Never throws.
 *
 * Cost: 2 to 20 µs (it opens one file of /proc); meant for start-up and for bug reports.
 *
 * @example
 * ```js
 * import { capabilities } from 'threadmeter'
 *
 * const { allThreads } = capabilities()
 * if (!allThreads.available) console.warn(`no helper threads: ${allThreads.reason}`)
 * ```
 */
export function capabilities(): Capabilities {
  if (native === undefined) {
    const none = missing(`the addon could not be loaded: ${messageOf(nativeError)}`)
    const fallback = availableThreadCpuUsage()
    return {
      addon: none,
      threadCpuUsage: fallback === undefined ? none : available('process.threadCpuUsage()'),
      ownThread: none,
      registeredThreads: none,
      allThreads: none,
      runDelay: none,
      eventLoopUtilization: none,
    }
  }
  const procfs = native.procfs()
  const schedstat = procfs === '' ? native.schedstat() : procfs
  return {
    addon: available('Node-API addon'),
    threadCpuUsage: available('thread clock and getrusage(RUSAGE_THREAD)'),
    ownThread: available('thread clock and getrusage(RUSAGE_THREAD)'),
    registeredThreads: available('per-thread CPU clocks'),
    allThreads: unless(procfs, '/proc/self/task', '/proc/self/task'),
    runDelay: unless(schedstat, 'schedstat', '/proc/self/task/<tid>/schedstat'),
    eventLoopUtilization: unless(native.eventLoop(), 'event loop', 'uv_metrics_idle_time'),
  }
}
