import type { SeriesStore, Slots } from '../meter/model.js'
import type { SeriesExemplars } from './exemplars.js'

/** The sketch of a summary: pages of slots that grow beside those of its series. */
export interface SeriesSketch {
  readonly pages: ReadonlyMap<number, Slots>
  /** Copies the pages to another store, where the series has another number. */
  move(store: SeriesStore, series: number): void
}

/** `index` of a series that is in no store: nothing was counted yet, or it was removed. */
export const HIDDEN = -1

const NO_VALUES = new Float64Array(0)

/**
 * One series of a metric: where its slots are. Whoever keeps one looks at `index` before each use, since
 * `remove()` and `reset()` hide it (see `Family.show()`), and reads `values` anew each time, since they move
 * when the thread's store is replaced.
 */
export class Series {
  values: Float64Array = NO_VALUES
  index: number = HIDDEN
  /** The index of slots that it has while it is hidden: it may be shown again at once. */
  parked: number = HIDDEN
  /** Its number in the store. */
  id = HIDDEN
  exemplars: SeriesExemplars | undefined
  sketch: SeriesSketch | undefined
  /** What `labels()` gave out for it. */
  child: object | undefined
  /** Under which its metric knows it. */
  readonly key: string
  /** In the order of the label names; undefined for a missing one. */
  readonly labelValues: readonly (string | undefined)[]
  readonly labelNames: readonly string[]

  constructor(
    key: string,
    labelNames: readonly string[],
    labelValues: readonly (string | undefined)[],
  ) {
    this.key = key
    this.labelNames = labelNames
    this.labelValues = labelValues
  }

  /** Made anew for each caller: most series are never asked. */
  get labels(): (readonly [name: string, value: string])[] {
    return this.labelNames.flatMap((name, place) => {
      const value = this.labelValues[place]
      return value === undefined ? [] : [[name, value] as const]
    })
  }

  /** Takes over slots elsewhere. */
  place(at: Slots & { readonly id: number }): void {
    this.values = at.values
    this.index = at.index
    this.id = at.id
  }

  /** Hides it with its slots. */
  park(): void {
    this.parked = this.index
    this.index = HIDDEN
  }

  /** Shows it again, with all of its slots 0. */
  unpark(slots: number): void {
    this.values.fill(0, this.parked, this.parked + slots)
    this.exemplars?.clear()
    this.index = this.parked
    this.parked = HIDDEN
  }

  /** Hides it without slots. */
  hide(): void {
    this.values = NO_VALUES
    this.index = HIDDEN
    this.parked = HIDDEN
    this.id = HIDDEN
    this.exemplars = undefined
    this.sketch = undefined
  }
}
