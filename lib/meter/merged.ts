import { type Arena, ownSlots } from './merge-arena.js'
import { type Labels, type SeriesIdentity, slotsOfFamily } from './merge-source.js'
import type { FamilyDescription, Slots } from './model.js'

/** The values of one series of all threads. The object stays the same for as long as any thread has it. */
export interface MergedSeries {
  /** The labels of the series itself. */
  readonly labels: Labels
  /** The default labels of its thread that are not among them. */
  readonly defaults: Labels
  /** The number of the process that it is about; null where processes are added up. */
  readonly process: number | null
  readonly values: Float64Array
  readonly index: number
  /** The sketch of a summary. */
  readonly pages: ReadonlyMap<number, Slots>
  readonly exemplars: Slots | undefined
}

/** A family of all threads. The object stays the same for as long as any thread has it. */
export interface MergedFamily {
  readonly description: FamilyDescription
  /** In the order of process and label values. */
  readonly series: readonly MergedSeries[]
}

const NO_PAGES: ReadonlyMap<number, Slots> = new Map()

/** A series and who has it. */
export class Row implements MergedSeries {
  readonly key: string
  readonly identity: SeriesIdentity
  readonly slots: number
  readonly index: number
  readonly family: Family
  pages: ReadonlyMap<number, Slots> = NO_PAGES
  exemplars: Slots | undefined
  /** How many files have it. */
  holders = 0

  readonly #arena: Arena

  constructor(arena: Arena, family: Family, key: string, identity: SeriesIdentity) {
    this.#arena = arena
    this.family = family
    this.key = key
    this.identity = identity
    this.slots = slotsOfFamily(family.description)
    this.index = arena.take(this.slots)
  }

  get labels(): Labels {
    return this.identity.labels
  }

  get defaults(): Labels {
    return this.identity.defaults
  }

  get process(): number | null {
    return this.identity.process
  }

  get values(): Float64Array {
    return this.#arena.values
  }

  /** The page of that number, made where there is none. */
  page(number: number, slots: number): Slots {
    const present = this.pages.get(number)
    if (present !== undefined && present.values.length === slots) return present
    const page = ownSlots(slots)
    this.pages = new Map(this.pages).set(number, page)
    return page
  }
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function comparePairs(a: Labels, b: Labels): number {
  const common = Math.min(a.length, b.length)
  for (let i = 0; i < common; i++) {
    const [nameA, valueA] = a[i] as readonly [string, string]
    const [nameB, valueB] = b[i] as readonly [string, string]
    const order = compareTexts(nameA, nameB) || compareTexts(valueA, valueB)
    if (order !== 0) return order
  }
  return a.length - b.length
}

function compareRows(a: Row, b: Row): number {
  const byProcess = (a.process ?? -1) - (b.process ?? -1)
  return byProcess || comparePairs(a.labels, b.labels) || comparePairs(a.defaults, b.defaults)
}

/** A family, as those threads describe it whose series can be merged with one another. */
export class Family implements MergedFamily {
  description: FamilyDescription
  readonly key: string
  /** How many files have it, and how many of these have a say in what the family of that name is. */
  holders = 0
  voters = 0

  readonly #arena: Arena
  #rows = new Map<string, Row>()
  #sorted: readonly Row[] | undefined

  constructor(arena: Arena, key: string, description: FamilyDescription) {
    this.#arena = arena
    this.key = key
    this.description = description
  }

  get series(): readonly Row[] {
    this.#sorted ??= [...this.#rows.values()].sort(compareRows)
    return this.#sorted
  }

  /** The row for a series of one more file; `identify` tells what `key` stands for, if it is new. */
  hold(key: string, identify: () => SeriesIdentity): Row {
    let row = this.#rows.get(key)
    if (row === undefined) {
      row = new Row(this.#arena, this, key, identify())
      this.#rows.set(key, row)
      this.#sorted = undefined
    }
    row.holders++
    return row
  }

  /** One file does not have the series any more. */
  drop(row: Row): void {
    if (--row.holders > 0) return
    this.#rows.delete(row.key)
    this.#sorted = undefined
    this.#arena.release(row.index, row.slots)
  }
}
