import { LIMITS, NO_LABEL } from './layout.js'
import { MemoryStore } from './memory-store.js'
import type { FamilyDescription, SeriesStore, Slots, StoredSeries } from './model.js'
import { CatalogueEncoder, labelNumbers, seriesRecordBytes } from './records.js'
import { CatalogueSpace } from './writer-catalogue.js'
import { type FirstSegments, type MeterFile, SMALL } from './writer-file.js'
import { add, type Missing, missingSeries, nothing, subtract } from './writer-missing.js'
import { type SeriesExtras, SeriesTable } from './writer-series.js'
import { type Run, SlotSpace } from './writer-slots.js'

interface Family {
  readonly strings: readonly number[]
  readonly bytes: number
}

/** A series that is in memory alone. */
interface Unstored {
  readonly family: number
  readonly missing: Missing
}

const SLOT_BYTES = 8
const RUN_RECORD_BYTES = 24
const GARBAGE_BYTES = 65_536

const withReserve = (bytes: number): number => Math.ceil((bytes * 1.125) / 8) * 8

/**
 * Keeps the series of a thread in its meter file. What the file has no room for is kept in memory and
 * counted in the header; families and series of which nothing is in the file have negative numbers.
 */
export class MeterWriter implements SeriesStore {
  readonly file: MeterFile
  #catalogue: CatalogueSpace
  #encoder: CatalogueEncoder
  #slots: SlotSpace
  #memory = new MemoryStore()
  #families = new Map<number, Family>()
  #series = new SeriesTable()
  #extras = new Map<number, SeriesExtras>()
  #unstored = new Map<number, Unstored>()
  /** How many series of each family are in the file though they were removed. */
  #unremoved = new Map<number, number>()
  #missing = nothing()
  #nextUnstored = -1
  #defaultLabelBytes = 0
  #onGarbage: (() => void) | undefined

  /** `onGarbage` is called once, when most of the catalogue speaks of what is gone. */
  constructor(file: MeterFile, onGarbage?: () => void) {
    this.file = file
    this.#catalogue = new CatalogueSpace(file)
    this.#encoder = new CatalogueEncoder((record) => this.#catalogue.append(record))
    this.#slots = new SlotSpace(file)
    this.#onGarbage = onGarbage
  }

  /** What is in memory alone, and removals that the file does not show. */
  get unstored(): number {
    return this.#missing.runs
  }

  /** The segments that a new file needs for all that this store holds. */
  get needs(): FirstSegments {
    const { bytes, garbage } = this.#catalogue
    const catalogue = withReserve(bytes - garbage + this.#missing.bytes)
    const values = withReserve((this.#slots.live + this.#missing.slots) * SLOT_BYTES)
    return {
      catalogue: Math.max(SMALL.catalogue, catalogue),
      values: Math.max(SMALL.values, values),
    }
  }

  family(description: FamilyDescription): number {
    const hasRoom = this.#families.size < LIMITS.families
    const stored = hasRoom ? this.#encoder.family(description) : -1
    const isStored = stored >= 0
    const id = isStored ? stored : this.#nextUnstored--
    const texts = [description.name, description.help, ...description.labelNames]
    const strings = isStored ? texts.map((text) => this.#encoder.string(text)) : []
    for (const string of strings) this.#catalogue.strings.use(string)
    const bytes = isStored ? this.#catalogue.lastBytes : 0
    this.#families.set(id, { strings, bytes })
    return id
  }

  series(
    family: number,
    labelValues: readonly (string | undefined)[],
    slots: number,
  ): StoredSeries {
    return (
      this.#storeSeries(family, labelValues, slots) ??
      this.#rememberSeries(family, labelValues, slots)
    )
  }

  removeSeries(id: number): void {
    this.#forgetUnstored(id)
    if (!this.#series.has(id)) return
    if (!this.#encoder.removeSeries(id)) {
      this.#noteUnremoved([id])
      return
    }
    this.#catalogue.waste(this.#catalogue.lastBytes)
    this.#forget(id)
    this.#checkGarbage()
  }

  removeFamily(id: number): void {
    const family = this.#families.get(id)
    if (family === undefined) return
    this.#families.delete(id)
    for (const [series, { family }] of this.#unstored)
      if (family === id) this.#forgetUnstored(series)
    if (id < 0) return
    const members = this.#series.membersOf(id)
    if (!this.#encoder.removeFamily(id)) {
      this.#noteUnremoved(members)
      return
    }
    this.#catalogue.waste(this.#catalogue.lastBytes + family.bytes)
    for (const string of family.strings) this.#catalogue.strings.release(string)
    for (const member of members) this.#forget(member)
    this.#found({ runs: this.#unremoved.get(id) ?? 0, slots: 0, bytes: 0 })
    this.#checkGarbage()
  }

  sketchPage(series: number, page: number, slots: number): Slots {
    const append = (slot: number) => this.#encoder.sketch(series, page, slot, slots)
    const run = this.#addRun(series, slots, append)
    if (run === undefined) return this.#memory.sketchPage(series, page, slots)
    this.#extrasOf(series).pages.push([run.slot, slots])
    return run
  }

  exemplars(series: number, slots: number): Slots {
    const append = (slot: number) => this.#encoder.exemplars(series, slot, slots)
    const run = this.#addRun(series, slots, append)
    if (run === undefined) return this.#memory.exemplars(series, slots)
    const extras = this.#extrasOf(series)
    if (extras.exemplars !== undefined) this.#slots.release(...extras.exemplars)
    extras.exemplars = [run.slot, slots]
    return run
  }

  defaultLabels(labels: Readonly<Record<string, string>>): void {
    if (!this.#encoder.defaultLabels(labels)) return
    this.#catalogue.waste(this.#defaultLabelBytes)
    this.#defaultLabelBytes = this.#catalogue.lastBytes
    for (const text of Object.entries(labels).flat()) {
      this.#catalogue.strings.use(this.#encoder.string(text))
    }
  }

  #storeSeries(
    family: number,
    labelValues: readonly (string | undefined)[],
    slots: number,
  ): StoredSeries | undefined {
    if (family < 0 || this.#series.size >= LIMITS.series) return undefined
    const labels = labelNumbers(this.#encoder, labelValues)
    if (labels.includes(-1)) return undefined
    const run = this.#slots.take(slots)
    if (run === undefined) return undefined
    const id = this.#encoder.series(family, run.slot, slots, labels)
    if (id < 0) {
      this.#slots.release(run.slot, slots)
      return undefined
    }
    for (const label of labels) if (label !== NO_LABEL) this.#catalogue.strings.use(label)
    this.#series.add(id, family, run.slot, slots, labels)
    return { id, values: run.values, index: run.index }
  }

  #rememberSeries(
    family: number,
    labelValues: readonly (string | undefined)[],
    slots: number,
  ): StoredSeries {
    const id = this.#nextUnstored--
    const missing = missingSeries(labelValues, slots)
    this.#unstored.set(id, { family, missing })
    this.#miss(missing)
    return { ...this.#memory.series(family, labelValues, slots), id }
  }

  #extrasOf(id: number): SeriesExtras {
    let extras = this.#extras.get(id)
    if (extras === undefined) {
      extras = { pages: [], exemplars: undefined, bytes: 0, missing: undefined }
      this.#extras.set(id, extras)
    }
    return extras
  }

  /** Undefined where the file cannot grow. */
  #addRun(id: number, slots: number, append: (slot: number) => boolean): Run | undefined {
    const missing = { runs: 1, slots, bytes: RUN_RECORD_BYTES }
    const unstored = this.#unstored.get(id)
    if (unstored !== undefined) {
      add(unstored.missing, missing)
      this.#miss(missing)
    }
    if (!this.#series.has(id)) return undefined
    const extras = this.#extrasOf(id)
    const run = this.#slots.take(slots)
    if (run !== undefined && append(run.slot)) {
      extras.bytes += this.#catalogue.lastBytes
      return run
    }
    if (run !== undefined) this.#slots.release(run.slot, slots)
    extras.missing ??= nothing()
    add(extras.missing, missing)
    this.#miss(missing)
    return undefined
  }

  #miss(missing: Missing): void {
    add(this.#missing, missing)
    this.file.noteUnstored(this.#missing.runs)
  }

  #found(missing: Missing): void {
    subtract(this.#missing, missing)
    this.file.noteUnstored(this.#missing.runs)
  }

  /** They stay in the file, with their slots, until a new file takes its place. */
  #noteUnremoved(ids: readonly number[]): void {
    for (const id of ids) {
      const { family } = this.#series.take(id)
      this.#unremoved.set(family, (this.#unremoved.get(family) ?? 0) + 1)
      const missing = this.#extras.get(id)?.missing
      if (missing !== undefined) this.#found(missing)
      this.#extras.delete(id)
    }
    this.#miss({ runs: ids.length, slots: 0, bytes: 0 })
  }

  #forgetUnstored(id: number): void {
    const unstored = this.#unstored.get(id)
    if (unstored === undefined) return
    this.#unstored.delete(id)
    this.#found(unstored.missing)
  }

  #forget(id: number): void {
    const { slot, slots, labels } = this.#series.take(id)
    this.#slots.release(slot, slots)
    this.#catalogue.waste(seriesRecordBytes(labels.length))
    for (const label of labels) if (label >= 0) this.#catalogue.strings.release(label)
    const extras = this.#extras.get(id)
    if (extras === undefined) return
    this.#extras.delete(id)
    this.#catalogue.waste(extras.bytes)
    for (const page of extras.pages) this.#slots.release(...page)
    if (extras.exemplars !== undefined) this.#slots.release(...extras.exemplars)
    if (extras.missing !== undefined) this.#found(extras.missing)
  }

  #checkGarbage(): void {
    const { garbage, bytes } = this.#catalogue
    if (garbage <= GARBAGE_BYTES || garbage <= bytes / 2) return
    this.#onGarbage?.()
    this.#onGarbage = undefined
  }
}
