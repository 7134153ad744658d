import { SEGMENT_KIND } from './layout.js'
import type { Slots } from './model.js'
import type { MeterFile, Segment } from './writer-file.js'

const SLOT_BYTES = 8

/** A run of slots with its place in the file. */
export interface Run extends Slots {
  /** File offset / 8. */
  readonly slot: number
  readonly slots: number
}

/** What is left of a value segment. */
class Region {
  #values: Float64Array
  #slot: number
  #used = 0

  constructor({ buffer, start, bytes, offset }: Segment) {
    this.#values = new Float64Array(buffer, start, bytes / SLOT_BYTES)
    this.#slot = offset / SLOT_BYTES
  }

  get left(): number {
    return this.#values.length - this.#used
  }

  take(slots: number): Run {
    const index = this.#used
    this.#used += slots
    return { values: this.#values, index, slot: this.#slot + index, slots }
  }
}

/** Gives out the slots of a file's value segments. */
export class SlotSpace {
  /** How many are given out. */
  live = 0
  #file: MeterFile
  #region: Region
  #free = new Map<number, Run[]>()

  constructor(file: MeterFile) {
    this.#file = file
    this.#region = new Region(file.first[1])
  }

  /** All 0; undefined where the file cannot grow. */
  take(slots: number): Run | undefined {
    const run = this.#takeFreed(slots) ?? this.#takeNew(slots)
    if (run !== undefined) this.live += slots
    return run
  }

  /** For use again. Readers must know by then that the run belongs to nothing any more. */
  release(run: Run): void {
    this.live -= run.slots
    const free = this.#free.get(run.slots)
    if (free === undefined) this.#free.set(run.slots, [run])
    else free.push(run)
  }

  #takeFreed(slots: number): Run | undefined {
    const run = this.#free.get(slots)?.pop()
    run?.values.fill(0, run.index, run.index + slots)
    return run
  }

  #takeNew(slots: number): Run | undefined {
    if (slots <= this.#region.left) return this.#region.take(slots)
    const segment = this.#file.grow(SEGMENT_KIND.values, slots * SLOT_BYTES)
    if (segment === undefined) return undefined
    const region = new Region(segment)
    const run = region.take(slots)
    // A run that nearly fills a segment of its own leaves the old one in use.
    if (region.left > this.#region.left) this.#region = region
    return run
  }
}
