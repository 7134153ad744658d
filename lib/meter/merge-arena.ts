import type { Slots } from './model.js'

const FIRST_SLOTS = 1024

/** Values of merged series in one array, so that the same runs of several threads are added at once. */
export class Arena {
  values = new Float64Array(0)
  /** Slots in use, with the gaps between them. */
  used = 0
  #free = new Map<number, number[]>()

  /** Where the next run of so many slots is. It may replace `values`. */
  take(slots: number): number {
    const reused = this.#free.get(slots)?.pop()
    if (reused !== undefined) return reused
    const index = this.used
    this.used += slots
    if (this.used > this.values.length) this.#grow()
    return index
  }

  release(index: number, slots: number): void {
    const free = this.#free.get(slots)
    if (free === undefined) this.#free.set(slots, [index])
    else free.push(index)
  }

  #grow(): void {
    const larger = new Float64Array(Math.max(FIRST_SLOTS, this.used * 2))
    larger.set(this.values)
    this.values = larger
  }
}

/** Slots in an array of their own, all 0. */
export const ownSlots = (slots: number): Slots => ({ values: new Float64Array(slots), index: 0 })
