import { SEGMENT_KIND } from './layout.js'
import type { Slots } from './model.js'
import type { MeterFile, Segment } from './writer-file.js'

const SLOT_BYTES = 8

/** A run of slots that has just been given out. */
export interface Run extends Slots {
  /** File offset / 8. */
  readonly slot: number
}

/** The slots of a value segment. */
class Region {
  readonly slot: number
  readonly values: Float64Array
  #used = 0

  constructor({ buffer, start, bytes, offset }: Segment) {
    this.values = new Float64Array(buffer, start, bytes / SLOT_BYTES)
    this.slot = offset / SLOT_BYTES
  }

  get left(): number {
    return this.values.length - this.#used
  }

  take(slots: number): Run {
    const index = this.#used
    this.#used += slots
    return { values: this.values, index, slot: this.slot + index }
  }
}

/** Gives out the slots of a file's value segments. */
export class SlotSpace {
  /** How many are given out. */
  live = 0
  #file: MeterFile
  /** In the order of the file. */
  #regions: Region[]
  #current: Region
  /** By their length. */
  #free = new Map<number, number[]>()

  constructor(file: MeterFile) {
    this.#file = file
    this.#current = new Region(file.first[1])
    this.#regions = [this.#current]
  }

  /** All 0; undefined where the file cannot grow. */
  take(slots: number): Run | undefined {
    const run = this.#takeFreed(slots) ?? this.#takeNew(slots)
    if (run !== undefined) this.live += slots
    return run
  }

  /** For use again. Readers must know by then that the run belongs to nothing any more. */
  release(slot: number, slots: number): void {
    this.live -= slots
    const free = this.#free.get(slots)
    if (free === undefined) this.#free.set(slots, [slot])
    else free.push(slot)
  }

  #takeFreed(slots: number): Run | undefined {
    const slot = this.#free.get(slots)?.pop()
    if (slot === undefined) return undefined
    const { values, slot: first } = this.#regionOf(slot)
    const index = slot - first
    values.fill(0, index, index + slots)
    return { values, index, slot }
  }

  #regionOf(slot: number): Region {
    return this.#regions.findLast((region) => region.slot <= slot) as Region
  }

  #takeNew(slots: number): Run | undefined {
    if (slots <= this.#current.left) return this.#current.take(slots)
    const segment = this.#file.grow(SEGMENT_KIND.values, slots * SLOT_BYTES)
    if (segment === undefined) return undefined
    const region = new Region(segment)
    this.#regions.push(region)
    const run = region.take(slots)
    // A run that nearly fills a segment of its own leaves the old one in use.
    if (region.left > this.#current.left) this.#current = region
    return run
  }
}
