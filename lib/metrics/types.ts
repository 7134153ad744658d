import type { Aggregator, MetricType } from '../meter/model.js'
import type { Counter } from './counter.js'
import type { ExemplarObject } from './exemplars.js'
import type { Gauge } from './gauge.js'
import type { Histogram } from './histogram.js'
import type { Registry } from './registry.js'
import type { Summary } from './summary.js'

export type { Aggregator, MetricType }

/** Any metric of this package. */
export type Metric<T extends string = string> = Counter<T> | Gauge<T> | Histogram<T> | Summary<T>

/** The labels of a series: of a metric without label names there are none to give. */
export type LabelValues<T extends string> = [T] extends [never]
  ? { readonly [name: string]: never }
  : { readonly [name in T]?: string | number | undefined }

/**
 * What `startTimer()` gives. The type of a method, whose parameters may be fewer than asked for: a metric
 * without label names passes for one of any.
 */
export type EndTimer<T extends string, More extends unknown[] = []> = {
  end(labels?: LabelValues<T>, ...more: More): number
}['end']

/** A function that brings a metric up to date before it is shown. `this` is the metric. */
export type CollectFunction<T> = (this: T) => void | Promise<void>

export type PrometheusContentType = 'text/plain; version=0.0.4; charset=utf-8'
export type OpenMetricsContentType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
export type RegistryContentType = PrometheusContentType | OpenMetricsContentType

/** What all metrics are made of. */
export interface MetricConfiguration<T extends string> {
  /** Letters, digits, `_` and `:`, not beginning with a digit. */
  name: string
  help: string
  /** Known label names give typed label objects: `['method', 'code']` lets `{ method, code }` pass alone. */
  labelNames?: readonly T[] | undefined
  /** Where the metric is shown; the default registry unless it says otherwise. */
  registers?: readonly Registry<RegistryContentType>[] | undefined
  /** How the values of several threads and processes become one: `sum` unless it says otherwise. */
  aggregator?: Aggregator | undefined
  /** Keeps exemplars, which OpenMetrics shows. */
  enableExemplars?: boolean | undefined
}

export interface MetricObject {
  name: string
  help: string
  type: MetricType
  aggregator: Aggregator
}

export interface MetricValue<T extends string> {
  value: number
  labels: { [name in T]?: string | number }
  exemplar?: ExemplarObject | null | undefined
}

export interface MetricValueWithName<T extends string> extends MetricValue<T> {
  metricName?: string
}

export interface MetricObjectWithValues<V extends MetricValue<string>> extends MetricObject {
  values: V[]
}

/** What a registry asks of whatever is registered in it. Every instrument here is one. */
export interface RegistrableMetric {
  readonly name: string
  get():
    | Promise<MetricObjectWithValues<MetricValueWithName<string>>>
    | MetricObjectWithValues<MetricValueWithName<string>>
}
