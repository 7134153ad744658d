import type { HeapUse } from './heaps.js'
import type { WatchedThread } from './looks.js'
import type { TriggerSpec } from './model.js'

const MS_PER_SECOND = 1000
const LONGEST_STEP_MS = 1000
const STEPS = 4

/** What a condition finds at a look: whether it is met, and what was measured last. */
interface Finding {
  readonly met: boolean
  /** In the unit of the threshold; NaN before anything is known. */
  readonly value: number
}

/** One condition over one thread, look by look. */
export interface Condition {
  look(thread: WatchedThread, heap: HeapUse | undefined): Finding
}

class Blocked implements Condition {
  readonly #spec: TriggerSpec

  constructor(spec: TriggerSpec) {
    this.#spec = spec
  }

  look({ blocked }: WatchedThread): Finding {
    const value = blocked / MS_PER_SECOND
    return { met: value >= this.#spec.threshold, value }
  }
}

/** How a figure is read from two looks; NaN where it cannot be. */
type Rate = (now: WatchedThread, before: WatchedThread) => number

const RATES: Readonly<Partial<Record<TriggerSpec['condition'], Rate>>> = {
  cpuAbove: (now, before) => (now.cpu - before.cpu) / (now.at - before.at),
  eluAbove: (now, before) => {
    const [active, idle] = [now.active - before.active, now.idle - before.idle]
    return active / (active + idle)
  },
}

/** The length of the parts of `seconds` of which each must be above the mark, in ms. */
export const stepOf = (seconds: number): number =>
  Math.min((seconds * MS_PER_SECOND) / STEPS, LONGEST_STEP_MS)

/** A rate that is above the mark in each step of so many seconds. */
class Sustained implements Condition {
  readonly #spec: TriggerSpec
  readonly #rate: Rate
  readonly #step: number
  #before: WatchedThread | undefined
  #since = Number.NaN
  #value = Number.NaN

  constructor(spec: TriggerSpec, rate: Rate) {
    this.#spec = spec
    this.#rate = rate
    this.#step = stepOf(spec.for)
  }

  look(thread: WatchedThread): Finding {
    const before = this.#before
    if (before === undefined) this.#before = thread
    else if (thread.at - before.at >= this.#step) this.#end(before, thread)
    // The part that has begun may yet be below the mark.
    const seenTo = (this.#before as WatchedThread).at
    return { met: seenTo - this.#since >= this.#spec.for * MS_PER_SECOND, value: this.#value }
  }

  #end(before: WatchedThread, now: WatchedThread): void {
    this.#before = now
    this.#value = this.#rate(now, before)
    if (!(this.#value > this.#spec.threshold)) this.#since = Number.NaN
    else if (Number.isNaN(this.#since)) this.#since = before.at
  }
}

/** The heap, as the thread told it last. */
class Heap implements Condition {
  readonly #spec: TriggerSpec
  #since = Number.NaN

  constructor(spec: TriggerSpec) {
    this.#spec = spec
  }

  look({ at }: WatchedThread, heap: HeapUse | undefined): Finding {
    const { threshold } = this.#spec
    const value = heap === undefined ? Number.NaN : heap.used / (threshold < 1 ? heap.limit : 1)
    if (!(value > threshold)) this.#since = Number.NaN
    else if (Number.isNaN(this.#since)) this.#since = at
    return { met: at - this.#since >= this.#spec.for * MS_PER_SECOND, value }
  }
}

/** The condition of a trigger, for one thread. */
export function conditionFor(spec: TriggerSpec): Condition {
  if (spec.condition === 'blockedFor') return new Blocked(spec)
  const rate = RATES[spec.condition]
  return rate === undefined ? new Heap(spec) : new Sustained(spec, rate)
}
