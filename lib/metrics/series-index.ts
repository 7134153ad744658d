import { outOfRange } from '../errors.js'
import { type Labels, LabelTree, type Variants } from './label-tree.js'
import { HIDDEN, Series } from './series.js'

// Orders of keys beyond these are looked up by their names, several times slower.
const MAX_TREES = 8

// Halves of a pair: UTF-8 has none, and shows all of them as one character.
const LONE_SURROGATE = /\p{Surrogate}/u
const LONE_SURROGATES = /\p{Surrogate}/gu

/** A label's value as text. An empty one is the same as none: so says Prometheus' data model. */
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === '') return undefined
  const text = `${value}`
  return LONE_SURROGATE.test(text) ? text.replace(LONE_SURROGATES, '\ufffd') : text
}

/** The values that {@link textOf} makes the same and that a tree keeps as they are. */
function variantsOf(text: string | undefined): Variants {
  if (text === undefined) return [undefined, '']
  const number = Number(text)
  if (String(number) === text) return [text, number]
  return text === 'true' || text === 'false' ? [text, text === 'true'] : [text]
}

const isKept = (value: unknown): boolean => {
  const type = typeof value
  if (type === 'string') return !LONE_SURROGATE.test(value as string)
  return type === 'number' || type === 'boolean' || type === 'undefined'
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((key, place) => key === b[place])

// Lengths keep the values apart whatever characters they hold.
function keyOf(values: readonly (string | undefined)[]): string {
  let key = ''
  for (const value of values) key += value === undefined ? '-' : `${value.length}:${value}`
  return key
}

/** The series of a metric by their labels. */
export class SeriesIndex {
  readonly #names: readonly string[]
  readonly #places: ReadonlyMap<string, number>
  readonly #all = new Map<string, Series>()
  #trees: LabelTree[] = []
  /** The last one in `#all`, if that is known. */
  #newest: Series | undefined

  /** @param names without repetition */
  constructor(names: readonly string[]) {
    this.#names = names
    this.#places = new Map(names.map((name, place) => [name, place]))
  }

  /** The series with these labels, made if there is none. @throws RangeError for a label of another name */
  find(labels: Labels): Series {
    const trees = this.#trees
    for (let i = 0; i < trees.length; i++) {
      const series = (trees[i] as LabelTree).find(labels)
      if (series !== undefined) return series
    }
    return this.#findByNames(labels)
  }

  /** The series with these labels, if there is one. @throws RangeError for a label of another name */
  peek(labels: Labels): Series | undefined {
    return this.#all.get(keyOf(this.#textsOf(labels)))
  }

  /** Takes a series back that was removed, as the last one, unless another has come in its place: then that. */
  restore(series: Series): Series {
    if (series === this.#newest) return series
    const present = this.#all.get(series.key) ?? series
    if (present.index !== HIDDEN) return present
    this.#all.delete(series.key)
    this.#all.set(series.key, present)
    this.#newest = present
    return present
  }

  remove(series: Series): void {
    if (series === this.#newest) this.#newest = undefined
    this.#all.delete(series.key)
    const variants = series.labelValues.map(variantsOf)
    for (const tree of this.#trees) {
      const own = tree.keys.map((key) => variants[this.#places.get(key) as number] as Variants)
      tree.remove(own, series)
    }
  }

  /** In the order in which they were last restored or made. */
  all(): IterableIterator<Series> {
    return this.#all.values()
  }

  #findByNames(labels: Labels): Series {
    const texts = this.#textsOf(labels)
    const key = keyOf(texts)
    let series = this.#all.get(key)
    if (series === undefined) {
      series = new Series(key, this.#names, texts)
      this.#all.set(key, series)
      this.#newest = series
    }
    this.#remember(labels, series)
    return series
  }

  #textsOf(labels: Labels): (string | undefined)[] {
    const texts = new Array<string | undefined>(this.#names.length).fill(undefined)
    for (const key in labels) {
      const place = this.#places.get(key)
      if (place === undefined) {
        throw outOfRange('labels', `without "${key}": the label names are [${this.#names}]`, labels)
      }
      texts[place] = textOf(labels[key])
    }
    return texts
  }

  #remember(labels: Labels, series: Series): void {
    const keys: string[] = []
    const values: unknown[] = []
    for (const key in labels) {
      keys.push(key)
      values.push(labels[key])
    }
    if (!values.every(isKept)) return
    let tree = this.#trees.find((one) => isSame(one.keys, keys))
    if (tree === undefined) {
      if (this.#trees.length === MAX_TREES) return
      tree = new LabelTree(keys)
      this.#trees.push(tree)
    }
    tree.add(values, series)
  }
}
