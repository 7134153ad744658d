/** The metric types, in the order of their numbers in a meter file. */
export const METRIC_TYPES = ['counter', 'gauge', 'histogram', 'summary'] as const

export type MetricType = (typeof METRIC_TYPES)[number]

/** How the values of several threads become one, in the order of their numbers in a meter file. */
export const AGGREGATORS = ['sum', 'first', 'min', 'max', 'average', 'omit'] as const

export type Aggregator = (typeof AGGREGATORS)[number]

/**
 * What a family of series is. The slots of a series by type:
 *
 * - counter, gauge: the value
 * - histogram: one count per bound of `parameters` (of that bucket alone, not cumulative), the count
 *   above them all, the sum
 * - summary: count, sum, then what `SUMMARY` says; its sketch pages are slots of their own
 */
export interface FamilyDescription {
  readonly name: string
  readonly help: string
  readonly type: MetricType
  readonly aggregator: Aggregator
  readonly labelNames: readonly string[]
  /** Upper bounds of a histogram without +Inf, rising; [maxAgeSeconds, ageBuckets, ...quantiles] of a summary. */
  readonly parameters: readonly number[]
  readonly perProcess: boolean
}

/** Whether what ended threads counted stays in the totals. */
export const isCumulative = (type: MetricType): boolean => type !== 'gauge'

/** A run of float64 values that one series owns. It never moves while the store lives. */
export interface Slots {
  readonly values: Float64Array
  /** Where in `values` the first one is. */
  readonly index: number
}

export interface StoredSeries extends Slots {
  readonly id: number
}

/** Where a thread's series are kept: in its meter file, or in memory alone. No method ever throws. */
export interface SeriesStore {
  family(description: FamilyDescription): number
  /** New slots, all 0. `labelValues` in the order of the family's label names, undefined for a missing one. */
  series(family: number, labelValues: readonly (string | undefined)[], slots: number): StoredSeries
  removeSeries(id: number): void
  removeFamily(id: number): void
  /** A page of a summary's sketch, all 0. */
  sketchPage(series: number, page: number, slots: number): Slots
  /** Room for the exemplars of a series, all 0. The room that it had before is not its own any more. */
  exemplars(series: number, slots: number): Slots
  /** Labels that all series of this thread get when they are shown, from now on. */
  defaultLabels(labels: Readonly<Record<string, string>>): void
}
