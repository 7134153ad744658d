import { invalidArgType } from '../errors.js'
import type { RegistryContentType } from '../metrics/types.js'
import { processHandles, processRequests, processResources } from './active-metrics.js'
import {
  type DefaultMetrics,
  type DefaultMetricsOptions,
  defaultMetrics,
} from './default-metric.js'
import { eventLoopLag, eventLoopUtilization } from './event-loop-metrics.js'
import { gc } from './gc-metric.js'
import { heapSizeAndUsed, heapSpacesSizeAndUsed } from './heap-metrics.js'
import {
  osMemoryHeap,
  processCpuTotal,
  processMaxFileDescriptors,
  processOpenFileDescriptors,
  processStartTime,
} from './process-metrics.js'
import { version } from './version-metric.js'

const METRICS: Readonly<Record<string, (metrics: DefaultMetrics) => void>> = {
  processCpuTotal,
  processStartTime,
  osMemoryHeap,
  processOpenFileDescriptors,
  processMaxFileDescriptors,
  eventLoopLag,
  eventLoopUtilization,
  processResources,
  processHandles,
  processRequests,
  heapSizeAndUsed,
  heapSpacesSizeAndUsed,
  version,
  gc,
}

/**
 * Registers the metrics that clients of Node are used to: `process_*` and `nodejs_*` of the thread that
 * calls it. Where an observer runs, it shows `process_*` once per process and threads in families of their
 * own, `nodejs_thread_*`, without this.
 *
 * @throws `TypeError` `ERR_THREADMETER_INVALID_ARG_TYPE`: options that are none
 * @throws `Error`: one of the metrics is registered already
 *
 * @example
 * ```js
 * import { collectDefaultMetrics, register } from 'threadmeter/metrics'
 *
 * collectDefaultMetrics({ prefix: 'shop_', eventLoopMonitoringPrecision: 50 })
 * console.log(await register.getSingleMetricAsString('shop_nodejs_heap_size_used_bytes'))
 * ```
 */
export function collectDefaultMetrics<C extends RegistryContentType = RegistryContentType>(
  options?: DefaultMetricsOptions<C> | null,
): void {
  if (options !== null && typeof (options ?? {}) !== 'object') {
    throw invalidArgType('options', 'an object', options)
  }
  const metrics = defaultMetrics((options ?? {}) as DefaultMetricsOptions)
  for (const collect of Object.values(METRICS)) collect(metrics)
}

/** The names of all that {@link collectDefaultMetrics} registers. */
collectDefaultMetrics.metricsList = Object.keys(METRICS)
