import type { Missing } from './writer-missing.js'

/** What the writer has to know of a series when it goes. */
export interface SeriesRow {
  readonly family: number
  readonly slot: number
  readonly slots: number
  /** Numbers of strings; negative for a label without a value. */
  readonly labels: Int32Array
}

/** What only some series have. */
export interface SeriesExtras {
  /** Slot and number of slots of each page. */
  readonly pages: [number, number][]
  exemplars: [number, number] | undefined
  /** Of the records of pages and exemplars. */
  bytes: number
  missing: Missing | undefined
}

const FIRST_SERIES = 64
const ROW_WORDS = 4

/** The series of a file by their numbers, in 40 bytes or so each: a thread may have very many. */
export class SeriesTable {
  size = 0
  /** Of each number the place of its row, 0 for none. */
  #places = new Uint32Array(FIRST_SERIES)
  /** family, slot, slots, number of labels, labels. Rows of series that are gone stay. */
  #rows = new Int32Array(FIRST_SERIES * 2 * ROW_WORDS)
  #used = 1

  has(id: number): boolean {
    return (this.#places[id] ?? 0) !== 0
  }

  /** `id` is higher than any before. */
  add(id: number, family: number, slot: number, slots: number, labels: readonly number[]): void {
    if (id >= this.#places.length) this.#places = larger(this.#places, id + 1)
    const end = this.#used + ROW_WORDS + labels.length
    if (end > this.#rows.length) this.#rows = larger(this.#rows, end)
    const rows = this.#rows
    const at = this.#used
    rows[at] = family
    rows[at + 1] = slot
    rows[at + 2] = slots
    rows[at + 3] = labels.length
    for (let i = 0; i < labels.length; i++) rows[at + ROW_WORDS + i] = labels[i] as number
    this.#places[id] = at
    this.#used = end
    this.size++
  }

  /** Removes a series, which must be there. */
  take(id: number): SeriesRow {
    const at = this.#places[id] as number
    const rows = this.#rows
    this.#places[id] = 0
    this.size--
    const labelsAt = at + ROW_WORDS
    return {
      family: rows[at] as number,
      slot: rows[at + 1] as number,
      slots: rows[at + 2] as number,
      labels: rows.subarray(labelsAt, labelsAt + (rows[at + 3] as number)),
    }
  }

  /** Numbers of the series of a family. Looks at all there ever were. */
  membersOf(family: number): number[] {
    const members: number[] = []
    for (let id = 0; id < this.#places.length; id++) {
      const at = this.#places[id] as number
      if (at !== 0 && this.#rows[at] === family) members.push(id)
    }
    return members
  }
}

function larger<T extends Uint32Array | Int32Array>(array: T, least: number): T {
  const grown = new (array.constructor as new (length: number) => T)(
    Math.max(least, array.length * 2),
  )
  grown.set(array)
  return grown
}
