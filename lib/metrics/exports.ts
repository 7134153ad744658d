export type { Aggregator, MetricType } from '../meter/model.js'
export type { DefaultMetricsOptions } from '../runtime/default-metric.js'
export { collectDefaultMetrics } from '../runtime/default-metrics.js'
export {
  AggregatorRegistry,
  AggregatorRegistry as ClusterRegistry,
  WorkerRegistry,
} from './aggregator-registry.js'
export { type AggregatorFunction, aggregators } from './aggregators.js'
export { exponentialBuckets, linearBuckets } from './buckets.js'
export type {
  Charset,
  Collector,
  DefaultMetricsCollectorConfiguration,
  NoLabelNameType,
  OpenMetricsMIME,
  OpenMetricsVersion,
  PrometheusMetricsVersion,
  PrometheusMIME,
} from './compatible-types.js'
export { Counter, type CounterConfiguration, type IncreaseDataWithExemplar } from './counter.js'
export type { ExemplarLabels, ExemplarObject } from './exemplars.js'
export { Gauge, type GaugeConfiguration } from './gauge.js'
export {
  Histogram,
  type HistogramConfiguration,
  type ObserveDataWithExemplar,
} from './histogram.js'
export {
  defaultContentType as contentType,
  globalRegistry as register,
  openMetricsContentType,
  prometheusContentType,
  Registry,
} from './registry.js'
export { Summary, type SummaryConfiguration } from './summary.js'
export type {
  CollectFunction,
  LabelValues,
  Metric,
  MetricConfiguration,
  MetricObject,
  MetricObjectWithValues,
  MetricValue,
  MetricValueWithName,
  OpenMetricsContentType,
  PrometheusContentType,
  RegistrableMetric,
  RegistryContentType,
} from './types.js'
export { validateMetricName } from './validation.js'
