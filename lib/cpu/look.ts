import type { Native } from '../native.js'
import { requireNative, scratch } from '../native.js'
import { THREAD_ROLES, type ThreadRole } from './roles.js'
import { THREAD_ROW } from './row.js'

/** What a look reads beside exact CPU time and event loops; `LookFlags` in native/tasks.h. */
export const LOOK = {
  split: 1,
  runDelay: 2,
  switches: 4,
  state: 8,
  ended: 16,
  process: 32,
} as const

/** What does not change while a thread lives (but for its name). */
export interface ThreadIdentity {
  readonly uid: number
  readonly tid: number
  readonly threadId: number | null
  readonly name: string
  readonly role: ThreadRole
  /** ms since the Unix epoch; null without /proc. */
  readonly startTime: number | null
  /** Where in {@link EndedThreads} the thread's figures go when it ends. */
  readonly endedSlot: number
}

/** What the registered threads of one name used that have ended. */
export interface EndedThreads {
  /** Empty for threads that had no name of their own. */
  readonly name: string
  readonly threads: number
  readonly user: number
  readonly system: number
  readonly runDelay: number
  readonly voluntary: number
  readonly involuntary: number
}

const SPARE_ROWS = 16

/**
 * Repeated looks at all threads: keeps the rows of the last one, and who they belong to, and allocates
 * only when threads come or go.
 */
export class Looker {
  rows = new Float64Array(SPARE_ROWS * THREAD_ROW.length)
  count = 0
  /** ns on the monotonic clock. */
  takenAt = 0
  /** µs of the whole process; only with `LOOK.process`. */
  processUser = 0
  processSystem = 0
  /** By ended slot; only with `LOOK.ended`. */
  ended: readonly EndedThreads[] = []
  /** The ended slot of threads that had been there before they registered; only with `LOOK.ended`. */
  lateEndings: ReadonlyMap<number, number> = new Map()

  #native: Native
  #identities = new Map<number, ThreadIdentity>()
  #version = 0
  #endedVersion = 0

  constructor(call: string) {
    this.#native = requireNative(call)
  }

  /** Reads every thread into `rows`. */
  take(flags: number): void {
    for (;;) {
      this.count = this.takeInto(this.rows, flags)
      if (this.count * THREAD_ROW.length <= this.rows.length) return
      this.rows = new Float64Array((this.count + SPARE_ROWS) * THREAD_ROW.length)
    }
  }

  /** Reads as many threads as there is room for, and returns how many there are. */
  takeInto(rows: Float64Array, flags: number): number {
    const count = this.#native.look(rows, flags, this.#version, this.#endedVersion)
    const version = scratch[0] as number
    const endedVersion = scratch[1] as number
    this.takenAt = scratch[2] as number
    this.processUser = scratch[3] as number
    this.processSystem = scratch[4] as number
    if (version !== this.#version) {
      this.#version = version
      this.#readIdentities()
    }
    if ((flags & LOOK.ended) !== 0 && endedVersion !== this.#endedVersion) {
      this.#endedVersion = endedVersion
      this.#readEnded()
    }
    return count
  }

  /** Whose row this is. */
  identity(uid: number): ThreadIdentity {
    return this.#identities.get(uid) as ThreadIdentity
  }

  #readIdentities(): void {
    this.#identities.clear()
    for (const [
      uid,
      tid,
      threadId,
      role,
      endedSlot,
      startTime,
      name,
    ] of this.#native.identities()) {
      this.#identities.set(uid, {
        uid,
        tid,
        threadId: threadId < 0 ? null : threadId,
        name,
        role: THREAD_ROLES[role] as ThreadRole,
        startTime: Number.isNaN(startTime) ? null : startTime,
        endedSlot,
      })
    }
  }

  #readEnded(): void {
    this.lateEndings = new Map(this.#native.lateEndings())
    this.ended = this.#native
      .ended()
      .map(([name, threads, user, system, , runDelay, voluntary, involuntary]) => ({
        name,
        threads,
        user,
        system,
        runDelay,
        voluntary,
        involuntary,
      }))
  }
}
