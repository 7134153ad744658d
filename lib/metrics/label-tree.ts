import type { Series } from './series.js'

export type Labels = Readonly<Record<string, unknown>>

type Node = Branch | Series

/** What comes after some label values, by the next one. */
class Branch {
  // Most nodes near the series have one entry: a Map for each would be half of a catalogue's memory.
  key: unknown
  next: Node | undefined
  more: Map<unknown, Node> | undefined

  get(value: unknown): Node | undefined {
    if (this.more !== undefined) return this.more.get(value)
    return this.key === value ? this.next : undefined
  }

  set(value: unknown, node: Node): void {
    if (this.more !== undefined) {
      this.more.set(value, node)
    } else if (this.next === undefined || this.key === value) {
      this.key = value
      this.next = node
    } else {
      this.more = new Map([
        [this.key, this.next],
        [value, node],
      ])
      this.key = undefined
      this.next = undefined
    }
  }

  delete(value: unknown): void {
    if (this.more !== undefined) {
      this.more.delete(value)
    } else if (this.key === value) {
      this.key = undefined
      this.next = undefined
    }
  }

  get isEmpty(): boolean {
    return this.more === undefined ? this.next === undefined : this.more.size === 0
  }
}

/** The values that mean what one of a series' own values means. */
export type Variants = readonly unknown[]

/**
 * The series of label objects that have the same keys in the same order, found by their values as they
 * are: no string is made, and no key looked up. A `for in` loop needs no feedback on the shape of an object,
 * so this is as fast with many metrics as with one, and asks for no code generation.
 */
export class LabelTree {
  readonly keys: readonly string[]
  #root: Node | undefined

  constructor(keys: readonly string[]) {
    this.keys = keys
  }

  find(labels: Labels): Series | undefined {
    const keys = this.keys
    let node = this.#root
    let place = 0
    for (const key in labels) {
      if (node === undefined || key !== keys[place++]) return undefined
      node = (node as Branch).get(labels[key])
    }
    return place === keys.length ? (node as Series | undefined) : undefined
  }

  /** @param values in the order of the keys */
  add(values: readonly unknown[], series: Series): void {
    if (values.length === 0) {
      this.#root = series
      return
    }
    this.#root ??= new Branch()
    let node = this.#root as Branch
    for (const value of values.slice(0, -1)) {
      let next = node.get(value) as Branch | undefined
      if (next === undefined) {
        next = new Branch()
        node.set(value, next)
      }
      node = next
    }
    node.set(values.at(-1), series)
  }

  /** @param variants in the order of the keys */
  remove(variants: readonly Variants[], series: Series): void {
    if (this.#root === series || removeBelow(this.#root, variants, 0, series)) {
      this.#root = undefined
    }
  }
}

/** Whether nothing is left below the node. */
function removeBelow(
  node: Node | undefined,
  variants: readonly Variants[],
  place: number,
  series: Series,
): boolean {
  if (!(node instanceof Branch)) return node === series
  for (const value of variants[place] ?? []) {
    const next = node.get(value)
    if (next !== undefined && removeBelow(next, variants, place + 1, series)) node.delete(value)
  }
  return node.isEmpty
}
