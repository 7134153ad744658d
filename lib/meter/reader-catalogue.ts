import { FAMILY_FLAG, LIMITS, NO_LABEL, RECORD } from './layout.js'
import { AGGREGATORS, type FamilyDescription, METRIC_TYPES } from './model.js'
import type { ReadValues } from './reader-values.js'

/** A run of values in a reader's `values`. */
export interface ReadSlots {
  readonly index: number
  readonly slots: number
}

/** A series of a meter file; the object stays the same while the series lives. */
export interface ReadSeries extends ReadSlots {
  readonly id: number
  readonly family: number
  /** In the order of the family's label names. */
  readonly labels: readonly (string | undefined)[]
  /** Pages of its sketch by their number. */
  readonly pages: ReadonlyMap<number, ReadSlots>
  readonly exemplars: ReadSlots | undefined
}

interface Series extends ReadSeries {
  pages: ReadonlyMap<number, ReadSlots>
  exemplars: ReadSlots | undefined
}

interface Family {
  readonly description: FamilyDescription
  readonly members: Set<number>
}

const NO_PAGES: ReadonlyMap<number, ReadSlots> = new Map()
const RECORD_HEADER_WORDS = 2
const FAMILY_WORDS = 8
const SERIES_WORDS = 4

/** What a record says that cannot be. */
export class MalformedRecord extends Error {}

function malformed(what: string): never {
  throw new MalformedRecord(what)
}

/** The bytes of records, also as u32 words. */
export interface RecordBytes {
  readonly bytes: Buffer
  readonly words: Uint32Array
}

/** What the records of a catalogue say so far. Its methods throw {@link MalformedRecord}. */
export class ReadCatalogue {
  readonly families = new Map<number, FamilyDescription>()
  readonly series = new Map<number, ReadSeries>()
  defaultLabels: readonly (readonly [string, string])[] = []
  readonly folded: string[] = []
  /** Counts changes of what is above. */
  changes = 0

  #values: ReadValues
  #strings: string[] = []
  #members = new Map<number, Family>()
  #nextFamily = 0
  #nextSeries = 0

  constructor(values: ReadValues) {
    this.#values = values
  }

  /** Takes in the record at word `at`, which ends before word `end`. */
  apply(from: RecordBytes, at: number, end: number): void {
    const { words } = from
    const kind = words[at] as number
    const first = at + RECORD_HEADER_WORDS
    switch (kind) {
      case RECORD.string:
        this.#strings.push(this.#readString(from, first, end))
        return
      case RECORD.family:
        this.#addFamily(from, first, end)
        break
      case RECORD.series:
        this.#addSeries(words, first, end)
        break
      case RECORD.removeSeries:
        this.takeAway(words, at, end)
        return
      case RECORD.removeFamily:
        this.takeAway(words, at, end)
        this.#removeFamily(words[first] as number)
        break
      case RECORD.sketch:
        this.#addPage(words, first, end)
        break
      case RECORD.exemplars:
        this.#addExemplars(words, first, end)
        break
      case RECORD.defaultLabels:
        this.#setDefaultLabels(words, first, end)
        break
      case RECORD.folded:
        needs(first + 1, end)
        this.folded.push(this.#string(words[first] as number))
        break
      default:
        return
    }
    this.changes++
  }

  /**
   * Ahead of its turn: takes away what the record at word `at` makes free, if that is anything. Records
   * in between may still speak of it.
   */
  takeAway(words: Uint32Array, at: number, end: number): void {
    const kind = words[at] as number
    const frees =
      kind === RECORD.removeSeries || kind === RECORD.removeFamily || kind === RECORD.exemplars
    if (!frees) return
    const first = at + RECORD_HEADER_WORDS
    needs(first + 1, end)
    const id = words[first] as number
    if (kind === RECORD.removeSeries) this.#removeSeries(id)
    else if (kind === RECORD.exemplars) this.#removeExemplars(id)
    else for (const member of this.#members.get(id)?.members ?? []) this.#removeSeries(member)
  }

  #readString({ bytes, words }: RecordBytes, at: number, end: number): string {
    needs(at + 1, end)
    const length = words[at] as number
    const start = (at + 1) * 4
    if (start + length > end * 4) malformed(`a string of ${length} bytes`)
    return bytes.toString('utf8', start, start + length)
  }

  #string(number: number): string {
    return this.#strings[number] ?? malformed(`string ${number}`)
  }

  #addFamily({ bytes, words }: RecordBytes, at: number, end: number): void {
    needs(at + FAMILY_WORDS, end)
    if (this.families.size >= LIMITS.families) malformed(`more than ${LIMITS.families} families`)
    const labels = words[at + 5] as number
    const parameters = words[at + 6] as number
    const labelsAt = at + FAMILY_WORDS
    const parametersAt = labelsAt + labels + (labels % 2)
    needs(parametersAt + 2 * parameters, end)
    const description = {
      name: this.#string(words[at] as number),
      help: this.#string(words[at + 1] as number),
      type: METRIC_TYPES[words[at + 2] as number] ?? malformed('a metric of unknown type'),
      aggregator: AGGREGATORS[words[at + 3] as number] ?? malformed('an unknown aggregator'),
      labelNames: this.#stringsAt(words, labelsAt, labels),
      parameters: Array.from({ length: parameters }, (_, i) =>
        bytes.readDoubleLE((parametersAt + 2 * i) * 4),
      ),
      perProcess: ((words[at + 4] as number) & FAMILY_FLAG.perProcess) !== 0,
    }
    const id = this.#nextFamily++
    this.families.set(id, description)
    this.#members.set(id, { description, members: new Set() })
  }

  #stringsAt(words: Uint32Array, at: number, count: number): string[] {
    const strings = new Array<string>(count)
    for (let i = 0; i < count; i++) strings[i] = this.#string(words[at + i] as number)
    return strings
  }

  #addSeries(words: Uint32Array, at: number, end: number): void {
    needs(at + SERIES_WORDS, end)
    const family = words[at] as number
    const count = words[at + 3] as number
    needs(at + SERIES_WORDS + count, end)
    const { description, members } =
      this.#members.get(family) ?? malformed(`a series of family ${family}`)
    if (count !== description.labelNames.length) malformed(`a series of ${count} labels`)
    if (this.series.size >= LIMITS.series) malformed(`more than ${LIMITS.series} series`)
    const labels = new Array<string | undefined>(count)
    for (let i = 0; i < count; i++) {
      const number = words[at + SERIES_WORDS + i] as number
      labels[i] = number === NO_LABEL ? undefined : this.#string(number)
    }
    const place = this.#take(words, at + 1)
    const id = this.#nextSeries++
    const series: Series = {
      id,
      family,
      labels,
      index: place.index,
      slots: place.slots,
      pages: NO_PAGES,
      exemplars: undefined,
    }
    this.series.set(id, series)
    members.add(id)
  }

  /** Takes the run whose slot and length stand at `at`. */
  #take(words: Uint32Array, at: number): ReadSlots {
    const slot = words[at] as number
    const slots = words[at + 1] as number
    const index = this.#values.take(slot, slots)
    if (index < 0) malformed(`values at ${slot}, ${slots} of them`)
    return { index, slots }
  }

  #addPage(words: Uint32Array, at: number, end: number): void {
    needs(at + 4, end)
    const series = this.#owner(words[at] as number)
    if (series === undefined) return
    const page = (words[at + 1] as number) | 0
    if (series.pages.has(page)) malformed(`page ${page} twice`)
    const place = this.#take(words, at + 2)
    if (series.pages === NO_PAGES) series.pages = new Map()
    ;(series.pages as Map<number, ReadSlots>).set(page, place)
  }

  #addExemplars(words: Uint32Array, at: number, end: number): void {
    needs(at + 3, end)
    const series = this.#owner(words[at] as number)
    if (series === undefined) return
    const before = series.exemplars
    series.exemplars = this.#take(words, at + 1)
    if (before !== undefined) this.#release(before)
  }

  /** Undefined when it has been taken away, ahead of its turn perhaps. */
  #owner(id: number): Series | undefined {
    if (id >= this.#nextSeries) malformed(`series ${id}`)
    return this.series.get(id)
  }

  #setDefaultLabels(words: Uint32Array, at: number, end: number): void {
    needs(at + 1, end)
    const pairs = words[at] as number
    needs(at + 1 + 2 * pairs, end)
    const texts = this.#stringsAt(words, at + 1, 2 * pairs)
    this.defaultLabels = Array.from(
      { length: pairs },
      (_, i) => [texts[2 * i], texts[2 * i + 1]] as [string, string],
    )
  }

  #removeSeries(id: number): void {
    const series = this.series.get(id)
    if (series === undefined) return
    this.changes++
    this.series.delete(id)
    this.#members.get(series.family)?.members.delete(id)
    this.#release(series)
    if (series.exemplars !== undefined) this.#release(series.exemplars)
    for (const page of series.pages.values()) this.#release(page)
  }

  #removeExemplars(id: number): void {
    const series = this.series.get(id) as Series | undefined
    if (series?.exemplars === undefined) return
    this.#release(series.exemplars)
    series.exemplars = undefined
    this.changes++
  }

  #release({ index, slots }: ReadSlots): void {
    this.#values.release(index, slots)
  }

  #removeFamily(id: number): void {
    this.#members.delete(id)
    this.families.delete(id)
  }
}

/** The record must reach to `word`. */
function needs(word: number, end: number): void {
  if (word > end) malformed('a record shorter than what it should hold')
}
