import { invalidArgType } from '../errors.js'
import type { Registry } from '../metrics/registry.js'
import type { RegistryContentType } from '../metrics/types.js'

/** What {@link collectDefaultMetrics} may be told. */
export interface DefaultMetricsOptions<C extends RegistryContentType = RegistryContentType> {
  /** Where the metrics are registered; the default registry unless it says otherwise. */
  register?: Registry<C> | Registry | undefined
  /** Put before all names. */
  prefix?: string | undefined
  /** Labels that all these metrics carry. */
  labels?: Readonly<Record<string, string | number>> | undefined
  /** Bounds of `nodejs_gc_duration_seconds`: [0.001, 0.01, 0.1, 1, 2, 5] by default. */
  gcDurationBuckets?: readonly number[] | undefined
  /** ms between two looks at the event loop's delay, 10 by default. */
  eventLoopMonitoringPrecision?: number | undefined
  /** ms over which a value of the event loop's utilization is taken, 100 by default. */
  eventLoopUtilizationTimeout?: number | undefined
  /** Bounds of `nodejs_eventloop_utilization_histogram`. */
  eventLoopUtilizationBuckets?: readonly number[] | undefined
  /** Quantiles of `nodejs_eventloop_utilization_summary`. */
  eventLoopUtilizationPercentiles?: readonly number[] | undefined
  /** Of how many seconds past these quantiles are, 60 by default. */
  eventLoopUtilizationMaxAgeSeconds?: number | undefined
  /** In how many steps the oldest values are forgotten, 5 by default. */
  eventLoopUtilizationAgeBuckets?: number | undefined
}

/** What all default metrics of one call have in common. */
export interface DefaultMetrics {
  readonly options: DefaultMetricsOptions
  readonly labels: Readonly<Record<string, string | number>>
  readonly labelNames: readonly string[]
  /** The configuration of a metric, but for its collect() and buckets. */
  describe(name: string, help: string, labelNames?: readonly string[]): Description
}

interface Description {
  name: string
  help: string
  labelNames: readonly string[]
  registers: readonly Registry<RegistryContentType>[] | undefined
}

export function defaultMetrics(options: DefaultMetricsOptions): DefaultMetrics {
  const { register, prefix = '', labels = {} } = options
  if (typeof prefix !== 'string') throw invalidArgType('prefix', 'a string', prefix)
  const registers = register === undefined ? undefined : [register as Registry<RegistryContentType>]
  return {
    options,
    labels,
    labelNames: Object.keys(labels),
    describe: (name, help, labelNames = []) => ({
      name: prefix + name,
      help,
      labelNames: [...labelNames, ...Object.keys(labels)],
      registers,
    }),
  }
}
