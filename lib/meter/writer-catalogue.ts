import { RECORD, SEGMENT, SEGMENT_KIND } from './layout.js'
import type { MeterFile, Segment } from './writer-file.js'

/** Which strings of a catalogue something still needs. */
class StringUses {
  /** Bytes of the records of the strings that nothing needs. */
  unused = 0
  #bytes: number[] = []
  #uses: number[] = []

  add(recordBytes: number): void {
    this.#bytes.push(recordBytes)
    this.#uses.push(0)
    this.unused += recordBytes
  }

  use(string: number): void {
    const uses = this.#uses[string] as number
    if (uses === 0) this.unused -= this.#bytes[string] as number
    this.#uses[string] = uses + 1
  }

  release(string: number): void {
    const uses = (this.#uses[string] as number) - 1
    if (uses === 0) this.unused += this.#bytes[string] as number
    this.#uses[string] = uses
  }
}

/** Puts records into a file's catalogue segments, and keeps account of those that say nothing any more. */
export class CatalogueSpace {
  readonly strings = new StringUses()
  /** Of all records. */
  bytes = 0
  /** Bytes of the last record. */
  lastBytes = 0
  #garbage = 0
  #file: MeterFile
  #segment: Segment
  #bytes: Uint8Array
  #used = 0
  #records = 0

  constructor(file: MeterFile) {
    this.#file = file
    this.#segment = file.first[0]
    this.#bytes = bytesOf(this.#segment)
  }

  /** False where the file cannot grow. */
  append(record: Uint8Array): boolean {
    if (this.#used + record.length > this.#bytes.length && !this.#grow(record.length)) return false
    this.#bytes.set(record, this.#used)
    this.#used += record.length
    this.#segment.words[SEGMENT.used / 4] = this.#used
    this.#file.publishRecords(++this.#records)
    this.bytes += record.length
    this.lastBytes = record.length
    if (record[0] === RECORD.string) this.strings.add(record.length)
    return true
  }

  /** Bytes of records that a catalogue with the same meaning would not have. */
  get garbage(): number {
    return this.#garbage + this.strings.unused
  }

  waste(bytes: number): void {
    this.#garbage += bytes
  }

  #grow(bytes: number): boolean {
    const segment = this.#file.grow(SEGMENT_KIND.catalogue, bytes)
    if (segment === undefined) return false
    this.#segment = segment
    this.#bytes = bytesOf(segment)
    this.#used = 0
    return true
  }
}

function bytesOf({ buffer, start, bytes }: Segment): Uint8Array {
  return new Uint8Array(buffer, start, bytes)
}
