import type { Verdict } from '../../cpu/verdict.js'
import type { ThreadRate } from './thread-rates.js'
import type { WatchedThread } from './watched-thread.js'

/** What the live threads of one label do. */
export class LabelRates {
  /** How many threads were in each state in the last window. */
  readonly states: Record<Verdict, number> = { busy: 0, starved: 0, blocked: 0, idle: 0 }
  /** Whether there was a window. */
  hasStates = false
  /** ms, of the thread whose event loop is overdue for longest; NaN where none has one. */
  stalled = Number.NaN

  #utilization = 0
  #loops = 0

  /** The mean over the threads that have an event loop; NaN when none has. */
  get eventLoopUtilization(): number {
    return this.#utilization / this.#loops
  }

  add({ loop }: WatchedThread, rate: ThreadRate | undefined): void {
    if (!(loop.stalled <= this.stalled)) {
      if (!Number.isNaN(loop.stalled)) this.stalled = loop.stalled
    }
    if (rate === undefined) return
    this.hasStates = true
    this.states[rate.verdict]++
    if (Number.isNaN(rate.eventLoopUtilization)) return
    this.#utilization += rate.eventLoopUtilization
    this.#loops++
  }
}
