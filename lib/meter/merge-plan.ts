import { mergeExemplars } from './exemplar-slots.js'
import { type MergeSource, outlivesThreads, slotsOfFamily } from './merge-source.js'
import type { Family, Row } from './merged.js'
import type { FamilyDescription, Slots } from './model.js'
import type { ReadSeries, ReadSlots } from './reader-catalogue.js'
import { mergePage } from './sketch.js'

/** Where a plan finds the families of all threads. */
export interface Families {
  hold(description: FamilyDescription, source: MergeSource): Family
  drop(family: Family, source: MergeSource): void
}

interface PlannedPage extends ReadSlots {
  readonly target: Slots
}

interface PlannedExemplars extends ReadSlots {
  readonly row: Row
}

export interface PlannedValue {
  readonly row: Row
  readonly index: number
}

/** Whether the slots of several threads are simply added. */
const isSummed = ({ type, aggregator }: FamilyDescription): boolean =>
  aggregator === 'sum' || type === 'summary'

/** Runs of slots that lie side by side in both arrays, as source, target, length; one after another. */
function joinRuns(values: readonly PlannedValue[]): Int32Array {
  const runs: number[] = []
  let [source, target, length] = [-1, -1, 0]
  for (const { row, index } of values) {
    if (index === source + length && row.index === target + length) {
      length += row.slots
    } else {
      if (length > 0) runs.push(source, target, length)
      source = index
      target = row.index
      length = row.slots
    }
  }
  if (length > 0) runs.push(source, target, length)
  return Int32Array.from(runs)
}

/** Which slots of one file go where. Made anew only when more than values has changed in the file. */
export class MergePlan {
  readonly source: MergeSource
  /** Series with another number of slots than their family's have: left out. */
  unfit = 0
  /** What is not just added, in the order of the file. */
  others: readonly PlannedValue[] = []

  readonly #families: Families
  #held = new Map<number, Family>()
  #rows = new Map<number, Row>()
  #defaults: unknown
  #revision: number | undefined
  #generation: number | undefined
  #runs: Int32Array = new Int32Array(0)
  #pages: readonly PlannedPage[] = []
  #exemplars: readonly PlannedExemplars[] = []

  constructor(source: MergeSource, families: Families) {
    this.source = source
    this.#families = families
  }

  get isCurrent(): boolean {
    return this.source.figures.revision === this.#revision
  }

  /** Takes in what has changed in the file. */
  update(): void {
    const { revision, generation, defaultLabels } = this.source.figures
    // What is there anew is held before the rest is let go, so that it keeps its object.
    const families = this.#held
    const rows = this.#rows
    const isSame = generation === this.#generation
    this.#held = new Map()
    this.#rows = new Map()
    this.unfit = 0
    this.#holdFamilies(isSame ? families : undefined)
    this.#holdRows(isSame && defaultLabels === this.#defaults ? rows : undefined)
    for (const row of rows.values()) row.family.drop(row)
    for (const family of families.values()) this.#families.drop(family, this.source)
    this.#revision = revision
    this.#generation = generation
    this.#defaults = defaultLabels
    this.#compile()
  }

  /** Lets go of all that the file had. */
  release(): void {
    for (const row of this.#rows.values()) row.family.drop(row)
    for (const family of this.#held.values()) this.#families.drop(family, this.source)
    this.#forgetExemplars()
  }

  /** Empties what `addPages` and `addExemplars` of this and other plans add to. */
  clear(): void {
    for (const { target } of this.#pages) target.values.fill(0)
    for (const { row } of this.#exemplars) {
      // The first two slots say how large the block is.
      if (row.exemplars !== undefined) row.exemplars.values.fill(0, row.exemplars.index + 2)
    }
  }

  add(target: Float64Array): void {
    const { values } = this.source.figures
    const runs = this.#runs
    for (let i = 0; i < runs.length; i += 3) {
      const from = runs[i] as number
      const to = runs[i + 1] as number
      const length = runs[i + 2] as number
      for (let slot = 0; slot < length; slot++) {
        target[to + slot] = (target[to + slot] as number) + (values[from + slot] as number)
      }
    }
  }

  addPages(): void {
    const { values } = this.source.figures
    for (const { target, index, slots } of this.#pages) {
      mergePage(target.values, target.index, values, index, slots)
    }
  }

  addExemplars(): void {
    const { values } = this.source.figures
    for (const { row, index } of this.#exemplars) {
      row.exemplars = mergeExemplars(row.exemplars, { values, index })
    }
  }

  /** What is taken over from `before` is taken out of it. */
  #holdFamilies(before: Map<number, Family> | undefined): void {
    for (const [id, stored] of this.source.figures.families) {
      const family = before?.get(id) ?? this.#holdFamily(stored)
      if (family === undefined) continue
      this.#held.set(id, family)
      before?.delete(id)
    }
  }

  #holdFamily(stored: FamilyDescription): Family | undefined {
    const description = this.source.describe(stored)
    if (this.source.hasEnded && !outlivesThreads(description)) return undefined
    return this.#families.hold(description, this.source)
  }

  #holdRows(before: Map<number, Row> | undefined): void {
    for (const series of this.source.figures.series.values()) {
      const row = before?.get(series.id) ?? this.#holdRow(series)
      if (row === undefined) continue
      this.#rows.set(series.id, row)
      before?.delete(series.id)
    }
  }

  #holdRow(series: ReadSeries): Row | undefined {
    const family = this.#held.get(series.family)
    if (family === undefined) return undefined
    if (series.slots !== slotsOfFamily(family.description)) {
      this.unfit++
      return undefined
    }
    return family.hold(this.source.keyOf(series), () => this.source.identify(series))
  }

  #compile(): void {
    this.#forgetExemplars()
    const summed: PlannedValue[] = []
    const others: PlannedValue[] = []
    const pages: PlannedPage[] = []
    const exemplars: PlannedExemplars[] = []
    for (const series of this.source.figures.series.values()) {
      const row = this.#rows.get(series.id)
      if (row === undefined) continue
      const list = isSummed(row.family.description) ? summed : others
      list.push({ row, index: series.index })
      if (series.exemplars !== undefined) exemplars.push({ ...series.exemplars, row })
      for (const [number, { index, slots }] of series.pages) {
        pages.push({ target: row.page(number, slots), index, slots })
      }
    }
    this.#runs = joinRuns(summed)
    this.others = others
    this.#pages = pages
    this.#exemplars = exemplars
  }

  #forgetExemplars(): void {
    for (const { row } of this.#exemplars) row.exemplars = undefined
  }
}
