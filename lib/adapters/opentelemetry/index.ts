import { createRequire } from 'node:module'
import type { BatchObservableResult, MeterProvider } from '@opentelemetry/api'
import { optionsObject } from '../../cpu/threads.js'
import { invalidArgType, outOfRange, ThreadmeterError } from '../../errors.js'
import { collectorOptions, type ThreadMetricsOptions } from '../options.js'
import { ThreadCollector } from '../thread-collector.js'
import { createInstruments } from './instruments.js'

export type { ThreadMetricsOptions } from '../options.js'

/** What {@link threadMetrics} takes. */
export interface OpenTelemetryThreadMetricsOptions extends ThreadMetricsOptions {
  /** Default: the global one of `@opentelemetry/api`, as it is at the time of the call. */
  meterProvider?: MeterProvider
}

/** What {@link threadMetrics} returns. */
export interface ThreadMetrics {
  /** Stops observing. Can be called again, without effect. */
  close(): void
}

// Two callbacks on one provider would observe the same instruments.
const inUse = new WeakSet<MeterProvider>()

const require = createRequire(import.meta.url)

function checkedMeterProvider(provider: unknown): MeterProvider {
  if (provider === undefined) return globalMeterProvider()
  const { getMeter } = (provider ?? {}) as Partial<MeterProvider>
  if (typeof getMeter !== 'function') {
    throw invalidArgType('options.meterProvider', 'a MeterProvider', provider)
  }
  return provider as MeterProvider
}

function globalMeterProvider(): MeterProvider {
  const peer = '@opentelemetry/api'
  try {
    const api: typeof import('@opentelemetry/api') = require(peer)
    return api.metrics.getMeterProvider()
  } catch (error) {
    throw new ThreadmeterError('ERR_THREADMETER_PEER_MISSING', ['threadMetrics()', peer], error)
  }
}

/**
 * Observes the CPU, run-queue delay, context switches, event loop utilization and state of every thread of
 * this process with an OpenTelemetry meter provider. They are read when a metric reader collects, in the
 * thread that collects, and no other thread takes part: a blocked worker neither delays the collection
 * nor is missing from it.
 *
 * Counters cover the process from its start and never go down. Attributes are bounded: workers that share
 * a name share their series, and once `maxThreads` names were seen, further threads count under the
 * name of their pool. docs/opentelemetry.md has the instruments.
 *
 * Call it after the SDK has started: the global provider of before that records nothing.
 *
 * Cost of a collection: about 30 µs a thread, or 20 without context switches; all in the asking thread.
 *
 * @throws {TypeError|RangeError} `ERR_THREADMETER_INVALID_ARG_TYPE`, `ERR_THREADMETER_OUT_OF_RANGE` for bad
 * options, and for a provider that observes the threads already
 * @throws {ThreadmeterError} `ERR_THREADMETER_PEER_MISSING` when no provider is given and
 * `@opentelemetry/api` is not installed; `ERR_THREADMETER_ADDON_UNAVAILABLE`
 *
 * @example
 * ```js
 * import { ConsoleMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
 * import { threadMetrics } from 'threadmeter/opentelemetry'
 *
 * const exporter = new ConsoleMetricExporter()
 * const meterProvider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] })
 * const { close } = threadMetrics({ meterProvider })
 * await meterProvider.forceFlush()
 * close()
 * await meterProvider.shutdown()
 * ```
 */
export function threadMetrics(options?: OpenTelemetryThreadMetricsOptions): ThreadMetrics {
  const given = optionsObject<OpenTelemetryThreadMetricsOptions>(options)
  const checked = collectorOptions(given)
  const provider = checkedMeterProvider(given.meterProvider)
  if (inUse.has(provider)) {
    const expected =
      'a MeterProvider that does not observe the threads yet: close() the earlier one'
    throw outOfRange('options.meterProvider', expected, provider)
  }
  const collector = new ThreadCollector('threadMetrics()', checked)
  const meter = provider.getMeter('threadmeter', require('../../../package.json').version)
  const { observables, observe } = createInstruments(meter, collector.readable)
  const callback = (result: BatchObservableResult): void => {
    const readings = collector.collect()
    if (readings !== undefined) observe(readings, result)
  }
  meter.addBatchObservableCallback(callback, observables)
  inUse.add(provider)
  let open = true
  return {
    close() {
      if (!open) return
      open = false
      meter.removeBatchObservableCallback(callback, observables)
      inUse.delete(provider)
    },
  }
}
