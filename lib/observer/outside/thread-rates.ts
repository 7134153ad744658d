import { type Verdict, verdictOf } from '../../cpu/verdict.js'
import type { WatchedThread } from './watched-thread.js'

/** What a thread did in the last window. NaN for what is not known. */
export interface ThreadRate {
  /** In cores. */
  readonly cpu: number
  readonly user: number
  readonly system: number
  /** Share of the window. */
  readonly runDelay: number
  /** Of the event loop, 0 to 1. */
  readonly eventLoopUtilization: number
  readonly verdict: Verdict
}

interface Before {
  readonly cpu: number
  readonly user: number
  readonly system: number
  readonly runDelay: number
}

const NS_PER_MS = 1e6
const MICROS_PER_MS = 1e3

const clampShare = (share: number): number => Math.min(Math.max(share, 0), 1)

const NOTHING: Before = { cpu: 0, user: 0, system: 0, runDelay: 0 }

const readingOf = ({ cpu, used: { user, system, runDelay } }: WatchedThread): Before => ({
  cpu,
  user,
  system,
  runDelay,
})

/** Rates of threads over windows of at least `minInterval` ms; who asks sooner gets the last ones again. */
export class ThreadRates {
  readonly rates = new Map<string, ThreadRate>()
  /** ms. */
  window = 0

  #minInterval: number
  #before = new Map<string, Before>()
  #processes = new Set<string>()
  #windowStart = Number.NaN

  constructor(minInterval: number) {
    this.#minInterval = minInterval
  }

  /**
   * Ends the window if it is long enough.
   *
   * @param now ms on the monotonic clock
   */
  update(threads: readonly WatchedThread[], now: number): void {
    const window = now - this.#windowStart
    if (!(window >= this.#minInterval || Number.isNaN(window))) return
    const before = this.#before
    const processes = this.#processes
    this.#before = new Map()
    this.#processes = new Set()
    this.rates.clear()
    for (const thread of threads) {
      this.#before.set(thread.key, readingOf(thread))
      this.#processes.add(thread.process)
      // In a process that was there before, a thread that was not is new.
      const last = before.get(thread.key) ?? (processes.has(thread.process) ? NOTHING : undefined)
      if (last !== undefined) this.rates.set(thread.key, rateOf(thread, last, window))
    }
    this.window = window
    this.#windowStart = now
  }
}

function rateOf(thread: WatchedThread, before: Before, window: number): ThreadRate {
  const { used, loop } = thread
  const cpu = Math.max(thread.cpu - before.cpu, 0) / NS_PER_MS / window
  const user = (used.user - before.user) / MICROS_PER_MS / window
  const runDelay = clampShare((used.runDelay - before.runDelay) / NS_PER_MS / window)
  const occupied = cpu + (runDelay || 0)
  const verdict = verdictOf(cpu, runDelay, loop.activeOver(window, occupied))
  // The kernel adds a wait for a processor to the delay only when it is over. A thread that has been
  // waiting all the while looks blocked; that it is runnable gives it away.
  const never = cpu === 0 && !(runDelay > 0)
  return {
    cpu,
    user,
    system: Math.max(cpu - user, 0),
    runDelay,
    eventLoopUtilization: loop.utilizationOver(window),
    verdict: verdict === 'blocked' && never && thread.runnable ? 'starved' : verdict,
  }
}
