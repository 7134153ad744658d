import { FAMILY_FLAG, NO_LABEL, RECORD } from './layout.js'
import { AGGREGATORS, type FamilyDescription, METRIC_TYPES } from './model.js'

/** Takes one complete record of the catalogue; false when there is no room for it. */
export type AppendRecord = (record: Uint8Array) => boolean

const RECORD_HEADER_BYTES = 8
const FIRST_BYTES = 4096
// What one UTF-16 unit takes in UTF-8 at most.
const UTF8_PER_UNIT = 3

const aligned = (bytes: number): number => (bytes + 7) & ~7

/** Bytes of the record of a series. */
export const seriesRecordBytes = (labels: number): number =>
  aligned(RECORD_HEADER_BYTES + 16 + 4 * labels)

/** Bytes of the record of a string of so many UTF-8 bytes. */
export const stringRecordBytes = (bytes: number): number => aligned(RECORD_HEADER_BYTES + 4 + bytes)

/**
 * Makes the records of a catalogue and numbers strings, families and series as a reader will. A method
 * returns -1 when there was no room for its record; nothing has been numbered then.
 */
export class CatalogueEncoder {
  #append: AppendRecord
  #strings = new Map<string, number>()
  #families = 0
  #series = 0
  #bytes = Buffer.from(new ArrayBuffer(FIRST_BYTES))
  #words = new Uint32Array(this.#bytes.buffer)

  constructor(append: AppendRecord) {
    this.#append = append
  }

  /** Whether a string has a number already. */
  knows(text: string): boolean {
    return this.#strings.has(text)
  }

  /** The number of a string, which gets a record when it has none. */
  string(text: string): number {
    const known = this.#strings.get(text)
    if (known !== undefined) return known
    this.#reserve(RECORD_HEADER_BYTES + 4 + text.length * UTF8_PER_UNIT)
    const length = this.#bytes.write(text, RECORD_HEADER_BYTES + 4)
    this.#words[2] = length
    if (!this.#finish(RECORD.string, RECORD_HEADER_BYTES + 4 + length)) return -1
    const number = this.#strings.size
    this.#strings.set(text, number)
    return number
  }

  family(description: FamilyDescription): number {
    const { labelNames, parameters } = description
    const name = this.string(description.name)
    const help = this.string(description.help)
    const names = labelNames.map((label) => this.string(label))
    if (name < 0 || help < 0 || names.includes(-1)) return -1
    const parametersAt = aligned(RECORD_HEADER_BYTES + 32 + 4 * names.length)
    const bytes = parametersAt + 8 * parameters.length
    this.#reserve(bytes)
    this.#words.set([
      0,
      0,
      name,
      help,
      METRIC_TYPES.indexOf(description.type),
      AGGREGATORS.indexOf(description.aggregator),
      description.perProcess ? FAMILY_FLAG.perProcess : 0,
      names.length,
      parameters.length,
      0,
      ...names,
    ])
    if (names.length % 2 === 1) this.#words[10 + names.length] = 0
    const view = new DataView(this.#bytes.buffer, parametersAt)
    for (const [i, value] of parameters.entries()) view.setFloat64(8 * i, value, true)
    return this.#finish(RECORD.family, bytes) ? this.#families++ : -1
  }

  /** `labels` are numbers of strings, or {@link NO_LABEL}. */
  series(family: number, slot: number, slots: number, labels: readonly number[]): number {
    this.#reserve(RECORD_HEADER_BYTES + 16 + 4 * labels.length)
    const words = this.#words
    words[2] = family
    words[3] = slot
    words[4] = slots
    words[5] = labels.length
    for (let i = 0; i < labels.length; i++) words[6 + i] = labels[i] as number
    const bytes = RECORD_HEADER_BYTES + 16 + 4 * labels.length
    return this.#finish(RECORD.series, bytes) ? this.#series++ : -1
  }

  removeSeries(series: number): boolean {
    return this.#record(RECORD.removeSeries, [series])
  }

  removeFamily(family: number): boolean {
    return this.#record(RECORD.removeFamily, [family])
  }

  sketch(series: number, page: number, slot: number, slots: number): boolean {
    return this.#record(RECORD.sketch, [series, page, slot, slots])
  }

  exemplars(series: number, slot: number, slots: number): boolean {
    return this.#record(RECORD.exemplars, [series, slot, slots])
  }

  defaultLabels(labels: Readonly<Record<string, string>>): boolean {
    const pairs = Object.entries(labels)
    const numbers = pairs.flat().map((text) => this.string(text))
    return !numbers.includes(-1) && this.#record(RECORD.defaultLabels, [pairs.length, ...numbers])
  }

  folded(fileName: string): boolean {
    const name = this.string(fileName)
    return name >= 0 && this.#record(RECORD.folded, [name])
  }

  #record(kind: number, fields: readonly number[]): boolean {
    const bytes = RECORD_HEADER_BYTES + 4 * fields.length
    this.#reserve(bytes)
    this.#words.set(fields, 2)
    return this.#finish(kind, bytes)
  }

  #reserve(bytes: number): void {
    if (bytes + 8 <= this.#bytes.length) return
    this.#bytes = Buffer.from(new ArrayBuffer(aligned(bytes) * 2))
    this.#words = new Uint32Array(this.#bytes.buffer)
  }

  #finish(kind: number, used: number): boolean {
    const bytes = aligned(used)
    this.#bytes.fill(0, used, bytes)
    this.#words[0] = kind
    this.#words[1] = bytes
    return this.#append(this.#bytes.subarray(0, bytes))
  }
}

/** The numbers that `labels` have as strings; -1 stands for one that there was no room for. */
export function labelNumbers(
  encoder: CatalogueEncoder,
  labels: readonly (string | undefined)[],
): number[] {
  const numbers = new Array<number>(labels.length)
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]
    numbers[i] = label === undefined ? NO_LABEL : encoder.string(label)
  }
  return numbers
}
