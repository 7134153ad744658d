import { type Condition, conditionFor } from './condition.js'
import type { HeapUse } from './heaps.js'
import type { WatchedThread } from './looks.js'
import type { TriggerSpec } from './model.js'

const MS_PER_SECOND = 1000

// A thread that waits uses none, but for one that looks up now and then whether it may go on.
const RESTING_CPU_MS = 0.1

/** Where a thread was when it was found to rest. */
interface Rest {
  readonly cpu: number
  readonly blocked: number
}

/**
 * A thread that a trigger watches. Found to rest in `Atomics.wait()`, it is in no trouble until it has woken
 * up, and then its time counts from there: some workers wait and work within one turn of their event loops.
 */
export class Watched {
  /** In the unit of the threshold. */
  value = Number.NaN
  met = false
  /** Whether this time of its condition being met has been counted. */
  counted = false
  thread: WatchedThread
  readonly #condition: Condition
  readonly #for: number
  #rest: Rest | 'as found next' | undefined
  #awakeSince = Number.NEGATIVE_INFINITY

  constructor(spec: TriggerSpec, thread: WatchedThread) {
    this.thread = thread
    this.#condition = conditionFor(spec)
    this.#for = spec.for * MS_PER_SECOND
  }

  look(thread: WatchedThread, heap: HeapUse | undefined): void {
    this.thread = thread
    const { met, value } = this.#condition.look(thread, heap)
    this.#lookAtRest(thread)
    this.value = value
    this.met = met && this.#rest === undefined && thread.at - this.#awakeSince >= this.#for
    this.counted &&= this.met
  }

  /** To find that it rests took CPU time of it: what it uses counts from the next look. */
  rests(): void {
    this.#rest = 'as found next'
  }

  #lookAtRest({ at, cpu, blocked }: WatchedThread): void {
    const rest = this.#rest
    if (rest === undefined) return
    const hasWoken =
      rest !== 'as found next' && (cpu - rest.cpu > RESTING_CPU_MS || blocked < rest.blocked)
    // From look to look: what is used now and then adds up.
    this.#rest = hasWoken ? undefined : { cpu, blocked }
    if (hasWoken) this.#awakeSince = at
  }
}
