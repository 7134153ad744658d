import { outOfRange } from '../errors.js'
import { HIDDEN, Series } from './series.js'

export type Labels = Readonly<Record<string, unknown>>

type Node = Map<unknown, Node> | Series

// Orders of keys beyond these are looked up by their names, several times slower.
const MAX_SHAPES = 8

/**
 * Label objects with the same keys in the same order, found by their values as they are: neither strings
 * are made nor keys looked up. A `for in` loop over an object needs no feedback on its shape, so this
 * stays as fast with many metrics as with one, and asks for no code generation.
 */
class Shape {
  readonly keys: readonly string[]
  /** The series itself when there are no keys. */
  root: Node | undefined

  constructor(keys: readonly string[]) {
    this.keys = keys
    this.root = keys.length === 0 ? undefined : new Map()
  }

  find(labels: Labels): Series | undefined {
    const keys = this.keys
    let node = this.root
    let place = 0
    for (const key in labels) {
      if (key !== keys[place++]) return undefined
      node = (node as Map<unknown, Node>).get(labels[key])
      if (node === undefined) return undefined
    }
    return place === keys.length ? (node as Series) : undefined
  }

  add(values: readonly unknown[], series: Series): void {
    if (values.length === 0) {
      this.root = series
      return
    }
    let node = this.root as Map<unknown, Node>
    for (const value of values.slice(0, -1)) {
      let next = node.get(value) as Map<unknown, Node> | undefined
      if (next === undefined) {
        next = new Map()
        node.set(value, next)
      }
      node = next
    }
    node.set(values.at(-1), series)
  }

  /** @param variants for each key, the values that mean the series' own */
  remove(variants: readonly (readonly unknown[])[], series: Series): void {
    if (this.root === series) this.root = undefined
    else if (this.root instanceof Map) removeBelow(this.root, variants, 0, series)
  }
}

function removeBelow(
  node: Map<unknown, Node>,
  variants: readonly (readonly unknown[])[],
  place: number,
  series: Series,
): void {
  for (const value of variants[place] ?? []) {
    const next = node.get(value)
    if (next instanceof Map) removeBelow(next, variants, place + 1, series)
    if (next === series || (next instanceof Map && next.size === 0)) node.delete(value)
  }
}

/** A label's value as text. An empty one is the same as none: so says Prometheus' data model. */
function textOf(value: unknown): string | undefined {
  return value === undefined || value === '' ? undefined : `${value}`
}

/** The values that {@link textOf} makes the same and that a shape keeps as they are. */
function variantsOf(text: string | undefined): readonly unknown[] {
  if (text === undefined) return [undefined, '']
  const number = Number(text)
  if (String(number) === text) return [text, number]
  return text === 'true' || text === 'false' ? [text, text === 'true'] : [text]
}

const isKept = (value: unknown): boolean => {
  const type = typeof value
  return type === 'string' || type === 'number' || type === 'boolean' || type === 'undefined'
}

// Lengths keep the values apart whatever characters they hold.
const keyOf = (values: readonly (string | undefined)[]): string =>
  values.map((value) => (value === undefined ? '-' : `${value.length}:${value}`)).join('')

/** The series of a metric by their labels. */
export class SeriesIndex {
  readonly #names: readonly string[]
  readonly #places: ReadonlyMap<string, number>
  readonly #all = new Map<string, Series>()
  #shapes: Shape[] = []

  /** @param names without repetition */
  constructor(names: readonly string[]) {
    this.#names = names
    this.#places = new Map(names.map((name, place) => [name, place]))
  }

  /** The series with these labels, made if there is none. @throws RangeError for a label of another name */
  find(labels: Labels): Series {
    const shapes = this.#shapes
    for (let i = 0; i < shapes.length; i++) {
      const series = (shapes[i] as Shape).find(labels)
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
    const key = keyOf(series.labelValues)
    const present = this.#all.get(key) ?? series
    if (present.index !== HIDDEN) return present
    this.#all.delete(key)
    this.#all.set(key, present)
    return present
  }

  remove(series: Series): void {
    this.#all.delete(keyOf(series.labelValues))
    const variants = new Map(
      this.#names.map((name, place) => [name, variantsOf(series.labelValues[place])]),
    )
    for (const shape of this.#shapes) {
      const own = shape.keys.map((key) => variants.get(key) as readonly unknown[])
      shape.remove(own, series)
    }
  }

  clear(): void {
    this.#all.clear()
    this.#shapes = []
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
      series = new Series(this.#names, texts)
      this.#all.set(key, series)
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
    const isOwn = (shape: Shape): boolean =>
      shape.keys.length === keys.length && shape.keys.every((key, place) => key === keys[place])
    let shape = this.#shapes.find(isOwn)
    if (shape === undefined) {
      if (this.#shapes.length === MAX_SHAPES) return
      shape = new Shape(keys)
      this.#shapes.push(shape)
    }
    shape.add(values, series)
  }
}
