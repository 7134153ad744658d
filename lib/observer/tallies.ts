const TALLIES = [
  'restarts',
  'collections',
  'collectionSeconds',
  'collectionErrors',
  'folded',
] as const

export type Tally = (typeof TALLIES)[number]

/** What the observer counts about itself, in memory that outlives its thread: counters do not go back. */
export class Tallies {
  readonly shared: SharedArrayBuffer
  readonly #values: Float64Array

  constructor(shared = new SharedArrayBuffer(TALLIES.length * Float64Array.BYTES_PER_ELEMENT)) {
    this.shared = shared
    this.#values = new Float64Array(shared)
  }

  get(tally: Tally): number {
    return this.#values[TALLIES.indexOf(tally)] as number
  }

  /** Each is added to by one thread alone. */
  add(tally: Tally, amount: number): void {
    this.#values[TALLIES.indexOf(tally)] = this.get(tally) + amount
  }
}
