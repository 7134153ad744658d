import { SAMPLE_ROW, ThreadSampler } from '../cpu/sampler.js'
import { VERDICTS, type Verdict } from '../cpu/verdict.js'
import type { ThreadSeries } from './thread-totals.js'

/** What the live threads of one label did in the last window. */
export interface LabelRates {
  readonly series: ThreadSeries
  /** How many threads were in each state. */
  readonly states: Record<Verdict, number>
  /** The mean over the threads that have an event loop; NaN when none has. */
  readonly eventLoopUtilization: number
}

const SPARE_THREADS = 16
const NS_PER_MS = 1e6

/**
 * Rates by label over windows of at least `minInterval` ms. Who asks sooner gets the last window again:
 * several scrapers do not cut each other's windows to pieces.
 */
export class ThreadRates {
  #sampler = new ThreadSampler()
  #minInterval: number
  #windowStart: number
  #rows = new Float64Array(0)
  #rates: LabelRates[] | undefined

  /** @param now ns on the monotonic clock */
  constructor(minInterval: number, now: number) {
    this.#minInterval = minInterval * NS_PER_MS
    this.#windowStart = now
  }

  /** The rates of the last window; undefined before there was one. */
  read(
    now: number,
    threads: number,
    seriesOf: (uid: number) => ThreadSeries | undefined,
  ): readonly LabelRates[] | undefined {
    if (now - this.#windowStart >= this.#minInterval) {
      this.#windowStart = now
      this.#rates = this.#sample(threads, seriesOf)
    }
    return this.#rates
  }

  #sample(threads: number, seriesOf: (uid: number) => ThreadSeries | undefined): LabelRates[] {
    const room = (threads + SPARE_THREADS) * SAMPLE_ROW.length
    if (this.#rows.length < room) this.#rows = new Float64Array(room)
    const rows = this.#rows
    const count = Math.min(this.#sampler.sampleInto(rows), rows.length / SAMPLE_ROW.length)
    const byLabel = new Map<ThreadSeries, Sum>()
    for (let row = 0; row < count; row++) {
      const at = row * SAMPLE_ROW.length
      const series = seriesOf(rows[at + SAMPLE_ROW.uid] as number)
      if (series === undefined) continue
      const sum = byLabel.get(series) ?? new Sum(series)
      byLabel.set(series, sum)
      sum.add(
        VERDICTS[rows[at + SAMPLE_ROW.verdict] as number] as Verdict,
        rows[at + SAMPLE_ROW.eventLoopUtilization] as number,
      )
    }
    return [...byLabel.values()]
  }
}

class Sum implements LabelRates {
  readonly series: ThreadSeries
  readonly states: Record<Verdict, number> = { busy: 0, starved: 0, blocked: 0, idle: 0 }
  #utilization = 0
  #loops = 0

  constructor(series: ThreadSeries) {
    this.series = series
  }

  get eventLoopUtilization(): number {
    return this.#utilization / this.#loops
  }

  add(verdict: Verdict, eventLoopUtilization: number): void {
    this.states[verdict]++
    if (Number.isNaN(eventLoopUtilization)) return
    this.#utilization += eventLoopUtilization
    this.#loops++
  }
}
