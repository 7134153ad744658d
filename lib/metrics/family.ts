import type { LabelPairs } from '../exposition/index.js'
import type { FamilyDescription, SeriesStore } from '../meter/model.js'
import type { Labels } from './label-tree.js'
import { HIDDEN, type Series } from './series.js'
import { SeriesIndex } from './series-index.js'

const NO_LABELS: Labels = {}

/** The series of one metric, all in one store. */
export class Family {
  readonly description: FamilyDescription
  readonly #slots: number
  readonly #index: SeriesIndex
  #store: SeriesStore
  #id: number
  #extra: LabelPairs = []
  #parked: Series[] = []
  #isSweeping = false

  /** @param slots of each series */
  constructor(description: FamilyDescription, slots: number, store: SeriesStore) {
    this.description = description
    this.#slots = slots
    this.#index = new SeriesIndex(description.labelNames)
    this.#store = store
    this.#id = store.family(description)
  }

  get store(): SeriesStore {
    return this.#store
  }

  /** The series with these labels, made and shown if need be. @throws RangeError for a label of another name */
  find(labels: Labels): Series {
    const series = this.#index.find(labels)
    return series.index === HIDDEN ? this.show(series) : series
  }

  /** The same, hidden unless it was shown before: what nobody counted in is not exposed. */
  keep(labels: Labels): Series {
    return this.#index.find(labels)
  }

  /** Like {@link keep}, for no labels at all. */
  keepPlain(): Series {
    return this.#index.find(NO_LABELS)
  }

  /** A hidden series in the store, or the one that has come in its place. */
  show(series: Series): Series {
    const present = this.#index.restore(series)
    if (present.parked !== HIDDEN) present.unpark(this.#slots)
    else if (present.index === HIDDEN) this.#place(present)
    return present
  }

  remove(labels: Labels): void {
    const series = this.#index.peek(labels)
    if (series !== undefined) this.#forget(series)
  }

  /**
   * Hides all series. Their slots are kept until the present turn is over: whoever resets a metric mostly
   * counts in the same series again at once, and the file of a thread is not to grow with it.
   */
  clear(): void {
    for (const series of this.shown()) {
      series.park()
      this.#parked.push(series)
    }
    if (this.#isSweeping || this.#parked.length === 0) return
    this.#isSweeping = true
    queueMicrotask(() => {
      this.#isSweeping = false
      this.#sweep()
    })
  }

  /** Those that are shown, in the order in which they were first counted in. */
  *shown(): Generator<Series> {
    for (const series of this.#index.all()) if (series.index !== HIDDEN) yield series
  }

  /**
   * Makes all of it anew in a store, which may be the present one.
   *
   * @param extra labels that the series carry there beyond their own
   * @param old whether the present store lives on, without this family
   */
  moveTo(store: SeriesStore, extra: LabelPairs, old: 'lives on' | 'is gone'): void {
    this.#sweep()
    const [from, id] = [this.#store, this.#id]
    this.#store = store
    this.#extra = extra
    this.#id = store.family(this.#storedDescription())
    for (const series of this.shown()) this.#move(series)
    // Last, since its slots may be given out again at once.
    if (old === 'lives on') from.removeFamily(id)
  }

  #storedDescription(): FamilyDescription {
    if (this.#extra.length === 0) return this.description
    const { labelNames } = this.description
    const names = this.#extra.map(([name]) => name)
    return { ...this.description, labelNames: [...new Set([...labelNames, ...names])] }
  }

  #storedValues({ labelValues }: Series): readonly (string | undefined)[] {
    if (this.#extra.length === 0) return labelValues
    const { labelNames } = this.description
    const values = [...labelValues]
    for (const [name, value] of this.#extra) {
      const place = labelNames.indexOf(name)
      if (place === -1) values.push(value)
      else values[place] ??= value
    }
    return values
  }

  #place(series: Series): void {
    series.place(this.#store.series(this.#id, this.#storedValues(series), this.#slots))
  }

  #move(series: Series): void {
    const { values, index } = series
    this.#place(series)
    for (let slot = 0; slot < this.#slots; slot++) {
      series.values[series.index + slot] = values[index + slot] as number
    }
    series.exemplars?.move(this.#store, series.id)
    series.sketch?.move(this.#store, series.id)
  }

  #forget(series: Series): void {
    this.#index.remove(series)
    if (series.index !== HIDDEN || series.parked !== HIDDEN) this.#store.removeSeries(series.id)
    series.hide()
  }

  /** Lets go of what was not shown again. */
  #sweep(): void {
    const parked = this.#parked
    this.#parked = []
    for (const series of parked) if (series.parked !== HIDDEN) this.#forget(series)
  }
}
