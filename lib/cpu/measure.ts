import { invalidArgType } from '../errors.js'
import { requireNative } from '../native.js'
import { threadCpuTime } from './own-thread.js'

/** What {@link measureCpu} returns. */
export interface CpuMeasurement<T> {
  /** What the function returned, or what its promise resolved to. */
  value: T
  /** CPU time in ns that this thread used meanwhile. */
  cpuTime: number
  /** Time in ns that passed. */
  wallTime: number
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
  typeof (value as { then?: unknown }).then === 'function'

const NS_PER_MS = 1e6

/**
 * Runs a function and tells the CPU and wall time it took, both in ns. A CPU time far under the wall
 * time means waiting.
 *
 * For a synchronous function the CPU time is that function's, exactly. For an asynchronous one it is all
 * that this thread did until the promise settled: other requests served in between count too. What
 * other threads did for it (libuv's pool, V8's helpers) never counts. Errors pass through.
 *
 * Cost: two readings of the thread clock and two of the wall clock, 0.6 to 2 µs.
 *
 * @throws {TypeError} `ERR_THREADMETER_INVALID_ARG_TYPE` when `fn` is no function
 * @throws {ThreadmeterError} `ERR_THREADMETER_ADDON_UNAVAILABLE`
 *
 * @example
 * ```js
 * import { measureCpu } from 'threadmeter'
 *
 * const { value, cpuTime, wallTime } = measureCpu(() => JSON.stringify(process.report.getReport()))
 * console.log(`${value.length} characters, ${cpuTime / wallTime} of a core`)
 * ```
 */
export function measureCpu<T>(fn: () => PromiseLike<T>): Promise<CpuMeasurement<T>>
export function measureCpu<T>(fn: () => T): CpuMeasurement<T>
export function measureCpu<T>(
  fn: () => T | PromiseLike<T>,
): CpuMeasurement<T> | Promise<CpuMeasurement<T>> {
  if (typeof fn !== 'function') throw invalidArgType('fn', 'a function', fn)
  requireNative('measureCpu()')
  const wallStart = performance.now()
  const cpuStart = threadCpuTime()
  const measured = (value: T): CpuMeasurement<T> => {
    const cpuTime = threadCpuTime() - cpuStart
    return { value, cpuTime, wallTime: Math.round((performance.now() - wallStart) * NS_PER_MS) }
  }
  const result = fn()
  return isThenable(result) ? Promise.resolve(result).then(measured) : measured(result)
}
