import { outOfRange } from '../errors.js'
import type { ExemplarLabels } from './exemplars.js'
import type { Labels } from './label-tree.js'
import { Instrument } from './metric.js'
import { HIDDEN, type Series } from './series.js'
import type {
  CollectFunction,
  LabelValues,
  MetricConfiguration,
  MetricObject,
  MetricObjectWithValues,
  MetricValue,
  MetricValueWithName,
} from './types.js'
import { invalidValue, isObject } from './validation.js'

export interface CounterConfiguration<T extends string> extends MetricConfiguration<T> {
  /** Runs before the counter is shown, to bring it up to date. */
  collect?: CollectFunction<Counter<T>> | undefined
}

/** What `inc()` of a counter with exemplars takes. */
export interface IncreaseDataWithExemplar<T extends string> {
  value?: number | undefined
  labels?: LabelValues<T> | undefined
  exemplarLabels?: ExemplarLabels | undefined
}

export declare namespace Counter {
  /** One series of a counter. Its methods need no `this`. */
  interface Internal {
    inc(value?: number): void
    /** Of a counter with `enableExemplars`. */
    inc(data: { value?: number | undefined; exemplarLabels?: ExemplarLabels | undefined }): void
  }
}

/** A value that only ever goes up. */
export interface Counter<T extends string = string> extends MetricObject {
  readonly labelNames: readonly T[]
  /** Runs before it is shown; may be set and replaced at any time. */
  collect?(this: Counter<T>): void | Promise<void>
  inc(value?: number): void
  inc(labels: LabelValues<T>, value?: number): void
  inc(data: IncreaseDataWithExemplar<T>): void
  labels(...values: (string | number)[]): Counter.Internal
  labels(labels: LabelValues<T>): Counter.Internal
  remove(...values: (string | number)[]): void
  remove(labels: LabelValues<T>): void
  reset(): void
  get(): Promise<MetricObjectWithValues<MetricValue<T>>>
}

const NO_LABELS: Labels = {}

function invalidAmount(value: unknown): Error {
  return typeof value === 'number' && value < 0
    ? outOfRange('value', 'at least 0: a counter never goes down', value)
    : invalidValue(value)
}

const isAmount = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY

class CounterInstrument extends Instrument {
  constructor(configuration: CounterConfiguration<string>) {
    super(configuration, { type: 'counter', slots: 1 })
  }

  inc(labels?: unknown, value?: unknown): void {
    if (typeof labels === 'object' && labels !== null) {
      if (this.enableExemplars) this.#incData(labels as IncreaseDataWithExemplar<string>, value)
      else this.#add(labels as Labels, value ?? 1)
      return
    }
    const amount = labels ?? 1
    if (!isAmount(amount)) throw invalidAmount(amount)
    let series = this.plain
    if (series.index === HIDDEN) series = this.shownPlain()
    series.values[series.index] = (series.values[series.index] as number) + amount
  }

  labels(...values: unknown[]): Counter.Internal {
    const series = this.family.keep(this.labelsOf(values))
    series.child ??= this.#child(series)
    return series.child as Counter.Internal
  }

  protected override values(): MetricValueWithName<string>[] {
    return Array.from(this.family.shown(), ({ labels, values, index, exemplars }) => {
      const shown = { value: values[index] as number, labels: Object.fromEntries(labels) }
      return this.enableExemplars ? { ...shown, exemplar: exemplars?.at(0) ?? null } : shown
    })
  }

  #add(labels: Labels, amount: unknown): Series {
    if (!isAmount(amount)) throw invalidAmount(amount)
    const series = this.family.find(labels)
    series.values[series.index] = (series.values[series.index] as number) + amount
    return series
  }

  #incData(data: IncreaseDataWithExemplar<string>, second: unknown): void {
    // What names none of these are labels, as without exemplars.
    if (
      second !== undefined ||
      !('labels' in data || 'value' in data || 'exemplarLabels' in data)
    ) {
      this.#add(data as Labels, second ?? 1)
      return
    }
    const amount = data.value ?? 1
    const series = this.#add(data.labels ?? NO_LABELS, amount)
    if (data.exemplarLabels !== undefined) {
      const exemplar = { place: 0, labels: data.exemplarLabels, value: amount }
      this.keepExemplar(series, 1, exemplar)
    }
  }

  #child(kept: Series): Counter.Internal {
    let series = kept
    const add = (amount: unknown): void => {
      if (!isAmount(amount)) throw invalidAmount(amount)
      if (series.index === HIDDEN) series = this.family.show(series)
      series.values[series.index] = (series.values[series.index] as number) + amount
    }
    return {
      inc: (value?: unknown) => {
        if (!this.enableExemplars || !isObject(value)) return add(value ?? 1)
        const data = value as IncreaseDataWithExemplar<string>
        const amount = data.value ?? 1
        add(amount)
        if (data.exemplarLabels === undefined) return
        this.keepExemplar(series, 1, { place: 0, labels: data.exemplarLabels, value: amount })
      },
    }
  }
}

/**
 * A value that only ever goes up, until it is reset.
 */
export const Counter = CounterInstrument as unknown as {
  new <T extends string = never>(configuration: CounterConfiguration<T>): Counter<T>
}
