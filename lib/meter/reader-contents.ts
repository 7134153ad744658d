import { HEADER_BYTES, LAYOUT_VERSION, LIMITS, SEGMENT, SEGMENT_KIND } from './layout.js'
import { HeaderDecoder, type MeterHeader } from './layout-header.js'
import { MalformedRecord, ReadCatalogue } from './reader-catalogue.js'
import { MeterFileError, type MeterFileReason } from './reader-error.js'
import type { MeterInput } from './reader-input.js'
import { ReadValues } from './reader-values.js'

interface CatalogueSegment {
  readonly offset: number
  readonly bytes: number
}

/** How far the records have been taken in. */
interface Position {
  segment: number
  /** Bytes of records of that segment. */
  bytes: number
}

type Visit = (from: { bytes: Buffer; words: Uint32Array }, at: number, end: number) => void

/**
 * What one open meter file holds. A value belongs to the series that had its slot from before the values
 * were read until after it: so a refresh takes in all records, then reads the values, and then takes
 * away the series that later records remove. What those records add waits for the next refresh.
 */
export class MeterContents {
  readonly header: MeterHeader
  readonly values = new ReadValues()
  readonly catalogue = new ReadCatalogue(this.values)

  #input: MeterInput
  #decoder = new HeaderDecoder()
  #segments: CatalogueSegment[] = []
  #segmentCount = 0
  #catalogueBytes = 0
  #end = HEADER_BYTES
  #records = 0
  #position: Position = { segment: 0, bytes: 0 }
  #segmentHeader = new Uint32Array(SEGMENT.headerBytes / 4)

  /** @throws {MeterFileError} */
  constructor(input: MeterInput) {
    this.#input = input
    this.#readHeader()
    const header = this.#decoder.decode()
    if (typeof header === 'string') this.#fail('malformed', `${header} cannot be so`)
    this.header = header
  }

  /** @throws {MeterFileError} */
  refresh(): void {
    this.#updateHeader()
    const { records } = this.header
    if (records !== this.#records) this.#takeIn(records)
    this.values.read((into, offset, length, position) =>
      this.#input.read(into, offset, length, position),
    )
    this.#updateHeader()
    if (this.header.records !== records) this.#takeAway(this.header.records)
  }

  #fail(reason: MeterFileReason, detail: string): never {
    throw new MeterFileError(reason, this.#input.path, detail)
  }

  #readHeader(): void {
    const decoder = this.#decoder
    this.#input.read(decoder.bytes, 0, HEADER_BYTES, 0)
    if (!decoder.hasMagic) this.#fail('foreign-format', 'is no meter file')
    const version = decoder.word('version')
    if (version > LAYOUT_VERSION) this.#fail('newer-version', `has layout version ${version}`)
    if (version !== LAYOUT_VERSION || decoder.word('headerBytes') !== HEADER_BYTES) {
      this.#fail('malformed', 'has an impossible header')
    }
  }

  #updateHeader(): void {
    this.#readHeader()
    const field = this.#decoder.update(this.header)
    if (field !== undefined) this.#fail('malformed', `${field} cannot be so`)
  }

  #takeIn(records: number): void {
    this.#findSegments()
    this.#position = this.#walk(records, (from, at, end) => this.catalogue.apply(from, at, end))
    this.#records = records
  }

  #takeAway(records: number): void {
    this.#findSegments()
    this.#walk(records, ({ words }, at, end) => this.catalogue.takeAway(words, at, end))
  }

  /** The header is read again for it: `end` is sure to be as new as `records` when read after it. */
  #findSegments(): void {
    this.#readHeader()
    const end = this.#decoder.word('end')
    if (end < this.#end) this.#fail('malformed', `ended at ${this.#end} before, now at ${end}`)
    if (end > LIMITS.fileBytes) this.#fail('too-large', `is ${end} bytes long`)
    while (this.#end < end) this.#end = this.#addSegment(this.#end, end)
  }

  #addSegment(offset: number, end: number): number {
    if (end - offset < SEGMENT.headerBytes) this.#fail('malformed', `a segment at ${offset}`)
    this.#input.read(this.#segmentHeader, 0, SEGMENT.headerBytes, offset)
    const kind = this.#segmentHeader[SEGMENT.kind / 4] as number
    const bytes = this.#segmentHeader[SEGMENT.bytes / 4] as number
    if (bytes < SEGMENT.headerBytes || bytes % 8 !== 0 || bytes > end - offset) {
      this.#fail('malformed', `a segment of ${bytes} bytes at ${offset}`)
    }
    this.#segmentCount++
    if (kind === SEGMENT_KIND.values) this.values.addSegment(offset, bytes)
    if (kind === SEGMENT_KIND.catalogue) {
      this.#segments.push({ offset, bytes })
      this.#catalogueBytes += bytes
    }
    if (this.#segmentCount > LIMITS.segments) this.#fail('too-large', 'has too many segments')
    if (this.#catalogueBytes > LIMITS.catalogueBytes) {
      this.#fail('too-large', `has a catalogue of ${this.#catalogueBytes} bytes`)
    }
    return offset + bytes
  }

  /** Visits all records that have not been taken in, up to so many of the file. */
  #walk(records: number, visit: Visit): Position {
    let left = records - this.#records
    if (left < 0) this.#fail('malformed', `had ${this.#records} records, now ${records}`)
    const position = { ...this.#position }
    while (left > 0) {
      const segment = this.#segments[position.segment]
      if (segment === undefined) this.#fail('malformed', `${left} records are missing`)
      const used = this.#readUsed(segment)
      if (used < position.bytes) this.#fail('malformed', `a catalogue that shrank to ${used}`)
      if (used === position.bytes) {
        position.segment++
        position.bytes = 0
      } else {
        left = this.#walkSegment(segment, position, used, left, visit)
      }
    }
    return position
  }

  #readUsed({ offset, bytes }: CatalogueSegment): number {
    this.#input.read(this.#segmentHeader, 0, SEGMENT.headerBytes, offset)
    const used = this.#segmentHeader[SEGMENT.used / 4] as number
    if (used > bytes - SEGMENT.headerBytes || used % 8 !== 0) {
      this.#fail('malformed', `${used} bytes in use of a segment of ${bytes}`)
    }
    return used
  }

  /** Moves `position` on, to `used` at most, and returns how many records are left to visit. */
  #walkSegment(
    { offset }: CatalogueSegment,
    position: Position,
    used: number,
    left: number,
    visit: Visit,
  ): number {
    const start = offset + SEGMENT.headerBytes + position.bytes
    const bytes = Buffer.from(new ArrayBuffer(used - position.bytes))
    this.#input.read(bytes, 0, bytes.length, start)
    const from = { bytes, words: new Uint32Array(bytes.buffer) }
    let at = 0
    while (left > 0 && at < bytes.length) {
      const length = from.words[at / 4 + 1] as number
      if (length < 8 || length % 8 !== 0 || length > bytes.length - at) {
        this.#fail('malformed', `a record of ${length} bytes at ${start + at}`)
      }
      this.#visit(visit, from, at, length, start)
      at += length
      left--
    }
    position.bytes += at
    return left
  }

  #visit(
    visit: Visit,
    from: { bytes: Buffer; words: Uint32Array },
    at: number,
    length: number,
    start: number,
  ): void {
    try {
      visit(from, at / 4, (at + length) / 4)
    } catch (error) {
      if (!(error instanceof MalformedRecord)) throw error
      this.#fail('malformed', `${error.message}, in the record at ${start + at}`)
    }
  }
}
