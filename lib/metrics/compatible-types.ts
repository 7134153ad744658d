// Types that programs written for other clients may name.
import type { DefaultMetricsOptions } from '../runtime/default-metric.js'
import type { RegistryContentType } from './types.js'

export type Charset = 'utf-8'
export type PrometheusMIME = 'text/plain'
export type PrometheusMetricsVersion = '0.0.4'
export type OpenMetricsMIME = 'application/openmetrics-text'
export type OpenMetricsVersion = '1.0.0'

/** A function that brings something up to date. */
export type Collector = () => void

/** The label names of a metric without any. */
export type NoLabelNameType = never

/** What `collectDefaultMetrics()` may be told. */
export type DefaultMetricsCollectorConfiguration<
  C extends RegistryContentType = RegistryContentType,
> = DefaultMetricsOptions<C>
