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
    if (present.index === HIDDEN) this.#place(present)
    return present
  }

  remove(labels: Labels): void {
    const series = this.#index.peek(labels)
    if (series === undefined) return
    this.#index.remove(series)
    this.#hide(series)
  }

  clear(): void {
    const all = [...this.#index.all()]
    this.#index.clear()
    for (const series of all) this.#hide(series)
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

  #hide(series: Series): void {
    if (series.index !== HIDDEN) this.#store.removeSeries(series.id)
    series.hide()
  }
}
