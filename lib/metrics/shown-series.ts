import type { LabelPairs, ShownSeries } from '../exposition/index.js'
import type { Slots } from '../meter/model.js'
import type { Series } from './series.js'

/** A series as one registry shows it: with the registry's default labels. Kept for the text that hangs on it. */
export class SeriesInRegistry implements ShownSeries {
  readonly #series: Series
  readonly labels: LabelPairs
  readonly defaults: LabelPairs

  constructor(series: Series, defaults: LabelPairs) {
    this.#series = series
    this.labels = series.labels
    this.defaults = defaults
  }

  get values(): Float64Array {
    return this.#series.values
  }

  get index(): number {
    return this.#series.index
  }

  get pages(): ReadonlyMap<number, Slots> | undefined {
    return this.#series.sketch?.pages
  }

  get exemplars(): Slots | undefined {
    return this.#series.exemplars?.block
  }
}
