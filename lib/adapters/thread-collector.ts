import { capabilities } from '../cpu/capabilities.js'
import { LOOK, Looker } from '../cpu/look.js'
import { THREAD_ROLES, type ThreadRole } from '../cpu/roles.js'
import type { CollectorOptions } from './options.js'
import { ProcessParts } from './process-parts.js'
import { type LabelRates, ThreadRates } from './thread-rates.js'
import { type ThreadSeries, ThreadTotals } from './thread-totals.js'

/** All figures of one look. They hold until the collector looks again: read them at once. */
export interface ThreadReadings {
  readonly series: readonly ThreadSeries[]
  readonly parts: ProcessParts
  /** Live threads of each role that can be seen here. */
  readonly live: readonly (readonly [ThreadRole, number])[]
  /** Of the last window; empty before there was one. */
  readonly rates: readonly LabelRates[]
}

/** What this host can tell; what it cannot must be left out. */
export interface Readable {
  /** Threads that did not load threadmeter. */
  readonly helpers: boolean
  readonly runDelay: boolean
  readonly contextSwitches: boolean
}

const REGISTERING_ROLES: readonly ThreadRole[] = ['main', 'worker']

/** Looks at all threads when it is asked to, once for everyone who asks in the same turn. */
export class ThreadCollector {
  readonly readable: Readable
  /** Collections that failed. */
  errors = 0

  #looker: Looker
  #flags: number
  #totals: ThreadTotals
  #parts = new ProcessParts()
  #rates: ThreadRates
  #readings: ThreadReadings | undefined
  #collected = false

  constructor(call: string, { maxThreads, minInterval, contextSwitches }: CollectorOptions) {
    this.#looker = new Looker(call)
    const { allThreads, runDelay } = capabilities()
    this.readable = {
      helpers: allThreads.available,
      runDelay: runDelay.available,
      contextSwitches: contextSwitches && allThreads.available,
    }
    this.#flags =
      LOOK.split |
      LOOK.ended |
      (this.readable.runDelay ? LOOK.runDelay : 0) |
      (this.readable.contextSwitches ? LOOK.switches : 0)
    this.#totals = new ThreadTotals(maxThreads)
    this.#looker.take(this.#flags)
    this.#totals.add(this.#looker, Date.now())
    this.#rates = new ThreadRates(minInterval, this.#looker.takenAt)
  }

  /** The figures of now; undefined when they could not be read. Never throws. */
  collect(): ThreadReadings | undefined {
    if (this.#collected) return this.#readings
    this.#collected = true
    // A registry asks for its metrics one after the other in one turn: they are all of one look.
    queueMicrotask(() => {
      this.#collected = false
    })
    try {
      this.#readings = this.#read()
    } catch {
      this.#readings = undefined
      this.errors++
    }
    return this.#readings
  }

  #read(): ThreadReadings {
    const looker = this.#looker
    const totals = this.#totals
    // The total before the threads it is made of: the other way round, all that they use in between
    // would pass for used by ended threads, for good. Taking it with a look at the clocks makes the
    // kernel account the slices that are running.
    looker.take(LOOK.process)
    const total = { user: looker.processUser, system: looker.processSystem }
    looker.take(this.#flags)
    totals.add(looker, Date.now())
    const { series } = totals
    this.#parts.update(total, totals.unsettled, series)
    const roles = this.readable.helpers ? THREAD_ROLES : REGISTERING_ROLES
    return {
      series,
      parts: this.#parts,
      live: roles.map((role) => [role, totals.live.get(role) ?? 0] as const),
      rates: this.#rates.read(looker.takenAt, looker.count, (uid) => totals.seriesOf(uid)) ?? [],
    }
  }
}
