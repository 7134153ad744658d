import { SEGMENT } from './layout.js'

const SLOT_BYTES = 8
// A catalogue that takes and frees large runs over and over would keep a reader busy for hours.
const MAX_TAKEN = 2 ** 27

interface ValueSegment {
  /** File offset / 8 of the first value. */
  readonly slot: number
  readonly slots: number
  /** Where in `packed` it is. */
  readonly index: number
}

type ReadInto = (into: Float64Array, offset: number, length: number, position: number) => void

/** The values of a file, all segments packed into one array, and which of them belong to something. */
export class ReadValues {
  packed = new Float64Array(0)
  #segments: ValueSegment[] = []
  #slots = 0
  // One byte per slot: no two things may own the same one.
  #owned = new Uint8Array(0)
  #taken = 0

  /** Segments come in the order of the file. */
  addSegment(offset: number, bytes: number): void {
    const slots = (bytes - SEGMENT.headerBytes) / SLOT_BYTES
    const slot = (offset + SEGMENT.headerBytes) / SLOT_BYTES
    this.#segments.push({ slot, slots, index: this.#slots })
    this.#slots += slots
  }

  /** Reads all values anew. */
  read(readInto: ReadInto): void {
    if (this.packed.length < this.#slots) this.#grow()
    for (const { slot, slots, index } of this.#segments) {
      readInto(this.packed, index * SLOT_BYTES, slots * SLOT_BYTES, slot * SLOT_BYTES)
    }
  }

  /** Where a run of slots is in `packed`; -1 when it is no such run or not free. It is taken then. */
  take(slot: number, slots: number): number {
    const segment = this.#segmentOf(slot)
    if (segment === undefined || slots === 0) return -1
    const within = slot - segment.slot
    if (within + slots > segment.slots) return -1
    this.#taken += slots
    if (this.#taken > MAX_TAKEN) return -1
    if (this.#owned.length < this.#slots) this.#growOwned()
    const index = segment.index + within
    const end = index + slots
    for (let i = index; i < end; i++) if (this.#owned[i] === 1) return -1
    this.#owned.fill(1, index, end)
    return index
  }

  release(index: number, slots: number): void {
    this.#owned.fill(0, index, index + slots)
  }

  /** The last segment that begins at or before `slot`. */
  #segmentOf(slot: number): ValueSegment | undefined {
    let low = 0
    let high = this.#segments.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#segments[middle] as ValueSegment).slot <= slot) low = middle + 1
      else high = middle
    }
    return this.#segments[low - 1]
  }

  #grow(): void {
    const larger = new Float64Array(this.#slots)
    larger.set(this.packed)
    this.packed = larger
  }

  #growOwned(): void {
    const larger = new Uint8Array(this.#slots)
    larger.set(this.#owned)
    this.#owned = larger
  }
}
