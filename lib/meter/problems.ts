import type { MeterFileReason } from './reader.js'

/** Why something in a runtime directory does not count as it should. */
export type ProblemReason =
  | MeterFileReason
  /** The file's name is not that of the thread in its header. */
  | 'misnamed'
  /** The thread is of another PID namespace: whether it lives cannot be seen from here. */
  | 'other-namespace'
  /** Totals of ended threads that cannot be read were moved away. */
  | 'set-aside'
  /** Totals of ended threads could not be written. */
  | 'not-folded'
  /** Series whose values are not as many as their family has. */
  | 'unfit-series'
  /** Threads mean different families by the same name. */
  | 'family-conflict'

// More than this many at a time are counted and not named.
const MAX_NAMED = 1000

/** Counts what is wrong now, and names each thing once for as long as it is there. */
export class Problems {
  readonly counts = new Map<ProblemReason, number>()
  readonly #tell: (text: string) => void
  #named = new Set<string>()
  #present = new Set<string>()

  constructor(tell: (text: string) => void) {
    this.#tell = tell
  }

  /** Begins to count anew. */
  begin(): void {
    this.counts.clear()
    this.#present = new Set()
  }

  /** What is no longer there would be named again if it came back. */
  end(): void {
    for (const key of this.#named) if (!this.#present.has(key)) this.#named.delete(key)
  }

  add(reason: ProblemReason, subject: string, text: string, count = 1): void {
    this.counts.set(reason, (this.counts.get(reason) ?? 0) + count)
    const key = `${reason}:${subject}`
    this.#present.add(key)
    if (this.#named.has(key) || this.#named.size >= MAX_NAMED) return
    this.#named.add(key)
    this.#tell(text)
  }
}
