import { HEADER_BYTES, SEGMENT, SEGMENT_KIND } from './layout.js'
import { encodeHeader, type HeaderFields } from './layout-header.js'
import type { FamilyDescription, SeriesStore, Slots, StoredSeries } from './model.js'
import { CatalogueEncoder, labelNumbers } from './records.js'

const FIRST_BLOCK_SLOTS = 512
const MAX_BLOCK_SLOTS = 32_768
const FIRST_CATALOGUE_BYTES = 16_384
const SLOT_BYTES = 8

interface Block {
  /** File offset / 8 of the first value. */
  readonly slot: number
  readonly values: Float64Array
  used: number
}

/**
 * A whole meter file made in memory, to be written at once: the values first, then one catalogue. Slots
 * stay writable until {@link MeterImage.toBuffer}, which may be called again later.
 */
export class MeterImage implements SeriesStore {
  #header: HeaderFields
  #blocks: Block[] = []
  #catalogue = Buffer.from(new ArrayBuffer(FIRST_CATALOGUE_BYTES))
  #used = 0
  #records = 0
  #encoder = new CatalogueEncoder((record) => this.#append(record))

  constructor(header: HeaderFields) {
    this.#header = header
  }

  family(description: FamilyDescription): number {
    return this.#encoder.family(description)
  }

  series(
    family: number,
    labelValues: readonly (string | undefined)[],
    slots: number,
  ): StoredSeries {
    const labels = labelNumbers(this.#encoder, labelValues)
    const { slot, ...place } = this.#allocate(slots)
    return { id: this.#encoder.series(family, slot, slots, labels), ...place }
  }

  removeSeries(id: number): void {
    this.#encoder.removeSeries(id)
  }

  removeFamily(id: number): void {
    this.#encoder.removeFamily(id)
  }

  sketchPage(series: number, page: number, slots: number): Slots {
    const { slot, ...place } = this.#allocate(slots)
    this.#encoder.sketch(series, page, slot, slots)
    return place
  }

  exemplars(series: number, slots: number): Slots {
    const { slot, ...place } = this.#allocate(slots)
    this.#encoder.exemplars(series, slot, slots)
    return place
  }

  defaultLabels(labels: Readonly<Record<string, string>>): void {
    this.#encoder.defaultLabels(labels)
  }

  /** Names a meter file whose counters are in this one's. */
  folded(fileName: string): void {
    this.#encoder.folded(fileName)
  }

  /** The file. */
  toBuffer(): Buffer {
    const blocksEnd = this.#blocks.reduce(
      (end, { used }) => end + SEGMENT.headerBytes + used * SLOT_BYTES,
      HEADER_BYTES,
    )
    const end = blocksEnd + SEGMENT.headerBytes + this.#used
    const file = Buffer.from(new ArrayBuffer(end))
    encodeHeader(file, { ...this.#header, end, records: this.#records })
    for (const { slot, values, used } of this.#blocks) {
      const at = slot * SLOT_BYTES
      writeSegment(file, at - SEGMENT.headerBytes, SEGMENT_KIND.values, used * SLOT_BYTES)
      file.set(new Uint8Array(values.buffer, 0, used * SLOT_BYTES), at)
    }
    writeSegment(file, blocksEnd, SEGMENT_KIND.catalogue, this.#used)
    file.writeUInt32LE(this.#used, blocksEnd + SEGMENT.used)
    file.set(this.#catalogue.subarray(0, this.#used), blocksEnd + SEGMENT.headerBytes)
    return file
  }

  #append(record: Uint8Array): boolean {
    if (this.#used + record.length > this.#catalogue.length) {
      const larger = Buffer.from(new ArrayBuffer((this.#used + record.length) * 2))
      larger.set(this.#catalogue)
      this.#catalogue = larger
    }
    this.#catalogue.set(record, this.#used)
    this.#used += record.length
    this.#records++
    return true
  }

  #allocate(slots: number): Slots & { slot: number } {
    let block = this.#blocks.at(-1)
    if (block === undefined || block.used + slots > block.values.length) {
      const last = block?.values.length ?? 0
      const length = Math.max(slots, FIRST_BLOCK_SLOTS, Math.min(last * 2, MAX_BLOCK_SLOTS))
      // A block is as long as what is used of it once the next one has been begun.
      const end = block === undefined ? HEADER_BYTES / SLOT_BYTES : block.slot + block.used
      const slot = end + SEGMENT.headerBytes / SLOT_BYTES
      block = { slot, values: new Float64Array(length), used: 0 }
      this.#blocks.push(block)
    }
    const { used: index, slot, values } = block
    block.used += slots
    return { slot: slot + index, values, index }
  }
}

function writeSegment(file: Buffer, at: number, kind: number, contentBytes: number): void {
  file.writeUInt32LE(kind, at + SEGMENT.kind)
  file.writeUInt32LE(SEGMENT.headerBytes + contentBytes, at + SEGMENT.bytes)
}
