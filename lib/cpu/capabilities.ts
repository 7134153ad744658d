import { available, type Capability, messageOf, missing } from '../capability.js'
import { native, nativeError } from '../native.js'
import { availableThreadCpuUsage } from './fallback.js'

/** What can be read of threads and their CPU. */
export interface CpuCapabilities {
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

/** Available from `source` unless the addon gave a reason against it. */
const unless = (reason: string, what: string, source: string): Capability =>
  reason === '' ? available(source) : missing(`${what}: ${reason}`)

/** The part of `capabilities()` that is about CPU. Never throws. */
export function capabilities(): CpuCapabilities {
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
