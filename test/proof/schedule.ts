import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readLedger } from './fixtures/ledger.mjs'
import type { Point } from './prometheus.js'

/** What all ledgers of a folder said together, again and again. */
export class Schedule {
  readonly #folder: string
  readonly #timer: NodeJS.Timeout
  readonly #least: Point[] = []
  readonly #most: Point[] = []

  constructor(folder: string, everyMs: number) {
    this.#folder = folder
    this.#timer = setInterval(() => this.#look(), everyMs)
  }

  #look(): void {
    const before = Date.now() / 1000
    let [completed, intended] = [0, 0]
    for (const name of readdirSync(this.#folder).filter((file) => file.endsWith('.ledger'))) {
      const ledger = readLedger(join(this.#folder, name))
      completed += ledger.completed[0] ?? 0
      intended += ledger.intended[0] ?? 0
    }
    // Completed at the latest when the reading began, intended at the earliest when it ended.
    this.#least.push([before, completed])
    this.#most.push([Date.now() / 1000, intended])
  }

  /** What was certainly completed at that time, in seconds since the epoch. */
  leastAt(time: number): number {
    return this.#least.findLast(([at]) => at <= time)?.[1] ?? 0
  }

  /** What was at most begun at that time. */
  mostAt(time: number): number {
    return this.#most.find(([at]) => at >= time)?.[1] ?? Number.POSITIVE_INFINITY
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
