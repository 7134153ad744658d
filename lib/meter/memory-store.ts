import type { FamilyDescription, SeriesStore, Slots, StoredSeries } from './model.js'

const BLOCK_SLOTS = 512

/** Series of a thread whose figures nobody reads from outside. */
export class MemoryStore implements SeriesStore {
  #block = new Float64Array(0)
  #used = 0
  #nextId = 0

  family(_description: FamilyDescription): number {
    return this.#nextId++
  }

  series(_family: number, _values: readonly (string | undefined)[], slots: number): StoredSeries {
    return { id: this.#nextId++, ...this.#allocate(slots) }
  }

  sketchPage(_series: number, _page: number, slots: number): Slots {
    return this.#allocate(slots)
  }

  exemplars(_series: number, slots: number): Slots {
    return this.#allocate(slots)
  }

  removeSeries(): void {}
  removeFamily(): void {}
  defaultLabels(): void {}

  #allocate(slots: number): Slots {
    if (this.#used + slots > this.#block.length) {
      this.#block = new Float64Array(Math.max(BLOCK_SLOTS, slots))
      this.#used = 0
    }
    const index = this.#used
    this.#used += slots
    return { values: this.#block, index }
  }
}
