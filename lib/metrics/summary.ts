import { outOfRange } from '../errors.js'
import {
  quantiles,
  type SketchWindows,
  SUMMARY,
  sketchCount,
  sketchWindows,
} from '../meter/sketch.js'
import type { Labels } from './label-tree.js'
import { Instrument, requireConfiguration } from './metric.js'
import { HIDDEN, type Series } from './series.js'
import { Sketch } from './series-sketch.js'
import type {
  CollectFunction,
  EndTimer,
  LabelValues,
  MetricConfiguration,
  MetricObject,
  MetricObjectWithValues,
  MetricValueWithName,
} from './types.js'
import { invalidValue, isObject } from './validation.js'

/** What a {@link Summary} is made of. */
export interface SummaryConfiguration<T extends string> extends MetricConfiguration<T> {
  /** The quantiles to show, each from 0 to 1: [0.01, 0.05, 0.5, 0.9, 0.95, 0.99, 0.999] by default. */
  percentiles?: readonly number[] | undefined
  /** With `ageBuckets`: of how many seconds past the quantiles are. Otherwise of all values. */
  maxAgeSeconds?: number | undefined
  /** In how many steps the oldest values are forgotten. */
  ageBuckets?: number | undefined
  /** Removes series of which all values are older than `maxAgeSeconds`. */
  pruneAgedBuckets?: boolean | undefined
  /** Accepted, without effect: there is nothing to compress. */
  compressCount?: number | undefined
  collect?: CollectFunction<Summary<T>> | undefined
}

export declare namespace Summary {
  /** One series of a summary. Its methods need no `this`. */
  interface Internal<T extends string> {
    observe(value: number): void
    startTimer(): EndTimer<T>
  }

  interface Config {
    percentiles?: readonly number[]
  }
}

/** Quantiles, number and sum of values. */
export interface Summary<T extends string = string> extends MetricObject {
  readonly labelNames: readonly T[]
  readonly percentiles: readonly number[]
  /** Runs before it is shown; may be set and replaced at any time. */
  collect?(this: Summary<T>): void | Promise<void>
  observe(value: number): void
  observe(labels: LabelValues<T>, value: number): void
  /** The function that it returns observes the seconds since, and returns them. */
  startTimer(labels?: LabelValues<T>): EndTimer<T>
  labels(...values: (string | number)[]): Summary.Internal<T>
  labels(labels: LabelValues<T>): Summary.Internal<T>
  remove(...values: (string | number)[]): void
  remove(labels: LabelValues<T>): void
  /** Sets all series to 0; none goes. */
  reset(): void
  get(): Promise<MetricObjectWithValues<MetricValueWithName<T>>>
}

const MS_PER_SECOND = 1000
const DEFAULT_PERCENTILES: readonly number[] = [0.01, 0.05, 0.5, 0.9, 0.95, 0.99, 0.999]
const MAX_AGE_BUCKETS = 1000

function requirePercentiles(value: readonly number[] | undefined): readonly number[] {
  const percentiles = value ?? DEFAULT_PERCENTILES
  const isSound = (one: unknown): boolean => typeof one === 'number' && one >= 0 && one <= 1
  if (Array.isArray(percentiles) && percentiles.every(isSound)) return [...percentiles]
  throw outOfRange('percentiles', 'an array of numbers from 0 to 1', value)
}

/** Seconds and steps of the past, or two zeros for all of it. */
function requireAge(
  maxAgeSeconds: number | undefined,
  ageBuckets: number | undefined,
): readonly [number, number] {
  if (!maxAgeSeconds || !ageBuckets) return [0, 0]
  if (!(maxAgeSeconds > 0)) throw outOfRange('maxAgeSeconds', 'a number above 0', maxAgeSeconds)
  if (!Number.isInteger(ageBuckets) || ageBuckets < 1 || ageBuckets > MAX_AGE_BUCKETS) {
    throw outOfRange('ageBuckets', `a whole number from 1 to ${MAX_AGE_BUCKETS}`, ageBuckets)
  }
  return [maxAgeSeconds, ageBuckets]
}

class SummaryInstrument extends Instrument {
  // Programs tell metrics apart by it.
  static override readonly name = 'Summary'
  readonly percentiles: readonly number[]
  readonly maxAgeSeconds: number | undefined
  readonly ageBuckets: number | undefined
  readonly pruneAgedBuckets: boolean
  readonly #windows: SketchWindows
  readonly #isWindowed: boolean

  constructor(configuration: SummaryConfiguration<string>) {
    const { percentiles, maxAgeSeconds, ageBuckets } = requireConfiguration(configuration)
    const shown = requirePercentiles(percentiles)
    const parameters = [...requireAge(maxAgeSeconds, ageBuckets), ...shown]
    super(configuration, {
      type: 'summary',
      slots: SUMMARY.slots,
      parameters,
      reserved: 'quantile',
    })
    this.percentiles = shown
    this.maxAgeSeconds = maxAgeSeconds
    this.ageBuckets = ageBuckets
    this.pruneAgedBuckets = configuration.pruneAgedBuckets === true
    this.#windows = sketchWindows(parameters)
    this.#isWindowed = parameters[0] !== 0
    // Where no `get()` is called, what collects for an observer is what prunes.
    if (this.pruneAgedBuckets && this.collect === undefined) this.collect = () => this.#prune()
  }

  observe(labels?: unknown, value?: unknown): void {
    const observed = value === undefined ? labels : value
    if (!Number.isFinite(observed)) throw invalidValue(observed)
    const series =
      value !== undefined && isObject(labels) ? this.family.find(labels as Labels) : this.#plain()
    this.#record(series, observed as number)
  }

  startTimer(labels?: Labels): (endLabels?: Labels) => number {
    const start = performance.now()
    return (endLabels) => {
      const seconds = (performance.now() - start) / MS_PER_SECOND
      this.observe({ ...labels, ...endLabels }, seconds)
      return seconds
    }
  }

  labels(...values: unknown[]): Summary.Internal<string> {
    const series = this.family.keep(this.labelsOf(values))
    series.child ??= this.#child(series)
    return series.child as Summary.Internal<string>
  }

  override reset(): void {
    for (const series of this.family.shown()) {
      series.values.fill(0, series.index, series.index + SUMMARY.slots)
      sketchOf(series)?.clear()
    }
  }

  protected override values(): MetricValueWithName<string>[] {
    if (this.pruneAgedBuckets) this.#prune()
    return [...this.family.shown()].flatMap((series) => this.#valuesOf(series))
  }

  #valuesOf({ labels, values, index, sketch }: Series): MetricValueWithName<string>[] {
    const own = Object.fromEntries(labels)
    const figures = quantiles(
      this.family.description.parameters,
      sketch?.pages ?? new Map(),
      Date.now(),
    )
    return [
      ...figures.map((value, place) => ({
        labels: { quantile: this.percentiles[place] as number, ...own },
        value,
      })),
      { metricName: `${this.name}_sum`, labels: own, value: values[index + SUMMARY.sum] as number },
      {
        metricName: `${this.name}_count`,
        labels: own,
        value: values[index + SUMMARY.count] as number,
      },
    ]
  }

  #plain(): Series {
    return this.plain.index === HIDDEN ? this.shownPlain() : this.plain
  }

  #record(series: Series, value: number): void {
    const { values, index } = series
    values[index + SUMMARY.count] = (values[index + SUMMARY.count] as number) + 1
    values[index + SUMMARY.sum] = (values[index + SUMMARY.sum] as number) + value
    series.sketch ??= new Sketch(this.#windows, this.family.store, series.id)
    sketchOf(series)?.add(value, this.#isWindowed ? Date.now() : 0)
  }

  #child(kept: Series): Summary.Internal<string> {
    let series = kept
    const observe = (value: unknown): void => {
      if (!Number.isFinite(value)) throw invalidValue(value)
      if (series.index === HIDDEN) series = this.family.show(series)
      this.#record(series, value as number)
    }
    return { observe, startTimer: () => this.startTimer(Object.fromEntries(kept.labels)) }
  }

  #prune(): void {
    const { parameters } = this.family.description
    const now = Date.now()
    for (const series of [...this.family.shown()]) {
      const pages = series.sketch?.pages ?? new Map()
      if (sketchCount(parameters, pages, now) === 0) {
        this.family.remove(Object.fromEntries(series.labels))
      }
    }
  }
}

const sketchOf = ({ sketch }: Series): Sketch | undefined => sketch as Sketch | undefined

/**
 * Quantiles, number and sum of values such as durations. The quantiles are within 1 % of the exact ones of
 * the same values, and those of all threads and processes together are too: they come from sketches that
 * add up. Of values over three decades a series takes 4 KiB, times `ageBuckets` if the past is limited.
 *
 * Cost: some 100 ns for a value of a kept series or one without labels, 130 ns with four labels by name.
 *
 * A configuration that cannot be used, a value that is not a finite number and a label that is not among
 * the label names are a `TypeError` or a `RangeError` with a `code`.
 *
 * @example
 * ```js
 * import { register, Summary } from 'threadmeter/metrics'
 *
 * const latency = new Summary({
 *   name: 'job_duration_seconds',
 *   help: 'How long a job took.',
 *   labelNames: ['queue'],
 *   percentiles: [0.5, 0.99],
 *   maxAgeSeconds: 600,
 *   ageBuckets: 5,
 * })
 * latency.observe({ queue: 'mail' }, 0.31)
 * const end = latency.startTimer({ queue: 'mail' })
 * end()
 * console.log(await register.metrics())
 * ```
 */
export const Summary = SummaryInstrument as unknown as {
  new <T extends string = never>(configuration: SummaryConfiguration<T>): Summary<T>
  readonly prototype: Summary
}
