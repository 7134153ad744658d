import type { EndedThreads, ThreadIdentity } from '../cpu/look.js'
import type { ThreadRole } from '../cpu/roles.js'
import { THREAD_ROW } from '../cpu/row.js'
import { isUnnamedWorker, ThreadLabels } from './thread-labels.js'

/** One look at all threads, as `Looker` keeps it. */
export interface ThreadLook {
  readonly rows: Float64Array
  readonly count: number
  /** ns on the monotonic clock. */
  readonly takenAt: number
  readonly ended: readonly EndedThreads[]
  /** By uid, the ended slot of threads that had been there before they registered. */
  readonly lateEndings: ReadonlyMap<number, number>
  identity(uid: number): ThreadIdentity
}

/** Counters of what threads used: µs, ns for the delay. */
export interface ThreadFigures {
  user: number
  system: number
  runDelay: number
  voluntary: number
  involuntary: number
}

/** The counters of one label. NaN stands for what was never read. */
export interface ThreadSeries extends ThreadFigures {
  readonly thread: string
  readonly role: ThreadRole
  /** Where the label is that of one thread alone. */
  readonly threadId: number | null
}

interface Known {
  identity: ThreadIdentity
  /** When a look saw it first, in ns. */
  readonly since: number
  /** Undefined until the thread counts. */
  series: ThreadSeries | undefined
  readonly last: ThreadFigures
}

export const FIGURES = ['user', 'system', 'runDelay', 'voluntary', 'involuntary'] as const

// The age at which a thread that has not registered is taken for what it looks like.
const SETTLES_AFTER_MS = 1000
const NS_PER_MS = 1e6

export const figures = (value: number): ThreadFigures => ({
  user: value,
  system: value,
  runDelay: value,
  voluntary: value,
  involuntary: value,
})

/** Adds what is known; NaN plus nothing stays NaN. */
export function add(series: ThreadFigures, figure: keyof ThreadFigures, amount: number): void {
  if (Number.isNaN(amount)) return
  series[figure] = (Number.isNaN(series[figure]) ? 0 : series[figure]) + amount
}

/**
 * Counters per label over all threads of the process, those that ended included: none ever goes down,
 * and nothing is counted twice.
 *
 * What a live thread used is in its own label. What a registered thread used after the last look that
 * saw it, or all of it when no look did, comes with the addon's totals of ended threads and goes to
 * the label of its pool. So every label only ever grows, and their sum is exact.
 */
export class ThreadTotals {
  /** Live threads by role, in the last look. */
  readonly live = new Map<ThreadRole, number>()
  /** µs of live threads that do not count yet. */
  readonly unsettled = { user: 0, system: 0 }

  #labels: ThreadLabels
  #series = new Map<string, ThreadSeries>()
  #known = new Map<number, Known>()
  #ended: readonly EndedThreads[] = []

  constructor(maxThreads: number) {
    this.#labels = new ThreadLabels(maxThreads)
  }

  /** All labels there ever were. */
  get series(): readonly ThreadSeries[] {
    return [...this.#series.values()]
  }

  /** The series of a thread that the last look saw; undefined when it does not count yet. */
  seriesOf(uid: number): ThreadSeries | undefined {
    return this.#known.get(uid)?.series
  }

  /**
   * Adds what was used since the look before.
   *
   * @param now ms since the Unix epoch
   */
  add(look: ThreadLook, now: number): void {
    this.live.clear()
    this.unsettled.user = 0
    this.unsettled.system = 0
    // Whatever fails on the way, a thread that has counted is never forgotten: it would count again.
    const gone = new Map(this.#known)
    for (let row = 0; row < look.count; row++) {
      gone.delete(this.#addRow(look, row * THREAD_ROW.length, now))
    }
    for (const uid of gone.keys()) this.#known.delete(uid)
    this.#addEnded(look.ended, countedOfEnded(gone.values(), look.lateEndings))
  }

  /** Returns whose row it was. */
  #addRow(look: ThreadLook, at: number, now: number): number {
    const uid = look.rows[at + THREAD_ROW.uid] as number
    const identity = look.identity(uid)
    const known = this.#known.get(uid) ?? {
      identity,
      since: look.takenAt,
      series: undefined,
      last: figures(0),
    }
    this.live.set(identity.role, (this.live.get(identity.role) ?? 0) + 1)
    const watched = (look.takenAt - known.since) / NS_PER_MS
    const age = Math.max(watched, now - (identity.startTime ?? now))
    this.#place(known, identity, age)
    this.#known.set(uid, known)
    if (known.series === undefined) {
      this.unsettled.user += look.rows[at + THREAD_ROW.user] as number
      this.unsettled.system += look.rows[at + THREAD_ROW.system] as number
      return uid
    }
    for (const figure of FIGURES) {
      const reading = look.rows[at + THREAD_ROW[figure]] as number
      if (!(reading >= known.last[figure])) continue
      add(known.series, figure, reading - known.last[figure])
      known.last[figure] = reading
    }
    return uid
  }

  /** Decides where the thread counts: when it begins to, and again when its name or role changes. */
  #place(known: Known, identity: ThreadIdentity, age: number): void {
    const { name, role } = identity
    const same = known.identity.name === name && known.identity.role === role
    known.identity = identity
    if (known.series === undefined ? !isSettled(identity, age) : same) return
    const label = this.#labels.of(identity)
    const isOfOne = label === name && (role === 'main' || isUnnamedWorker(identity))
    known.series = this.#seriesFor(label, role, isOfOne ? identity.threadId : null)
  }

  #addEnded(ended: readonly EndedThreads[], counted: readonly ThreadFigures[]): void {
    const rests = ended.map((now, slot) => {
      const rest = figures(0)
      for (const figure of FIGURES) {
        const before = this.#ended[slot]?.[figure] ?? 0
        rest[figure] = now[figure] - before - (counted[slot]?.[figure] ?? 0)
      }
      return rest
    })
    for (const figure of FIGURES) settleDebts(rests, figure)
    rests.forEach((rest, slot) => {
      // All or nothing, so that a label with user time is known to have had no system time.
      if (FIGURES.every((figure) => rest[figure] <= 0)) return
      const name = ended[slot]?.name ?? ''
      const label = name === '' ? 'worker' : this.#labels.ofEnded(name)
      const series = this.#seriesFor(label, 'worker', null)
      for (const figure of FIGURES) add(series, figure, Math.max(rest[figure], 0))
    })
    this.#ended = ended
  }

  #seriesFor(thread: string, role: ThreadRole, threadId: number | null): ThreadSeries {
    const key = `${role} ${thread}`
    let series = this.#series.get(key)
    if (series === undefined) {
      series = { thread, role, threadId, ...figures(Number.NaN) }
      this.#series.set(key, series)
    }
    return series
  }
}

/**
 * Whether a thread is what it looks like. One that has not registered may be a worker that is about to:
 * its first milliseconds belong to the name it will tell then, and if it ends before the next look they
 * come with the totals of ended threads. Until a certain age only what Node starts once is certain.
 */
export function isSettled(
  { threadId, role }: Pick<ThreadIdentity, 'threadId' | 'role'>,
  age: number,
): boolean {
  const mayBecomeWorker = role === 'worker' || role === 'other' || role === 'libuv'
  return threadId !== null || !mayBecomeWorker || age >= SETTLES_AFTER_MS
}

/** By ended slot, what has been counted of the registered threads that are gone. */
function countedOfEnded(
  gone: Iterable<Known>,
  lateEndings: ReadonlyMap<number, number>,
): ThreadFigures[] {
  const counted: ThreadFigures[] = []
  for (const { identity, last } of gone) {
    const { uid, threadId, endedSlot } = identity
    const slot = threadId === null ? lateEndings.get(uid) : endedSlot
    if (slot === undefined) continue
    counted[slot] ??= figures(0)
    const total = counted[slot] as ThreadFigures
    for (const figure of FIGURES) total[figure] += last[figure]
  }
  return counted
}

/**
 * Lets what was counted too much in one slot be paid by the others: a thread that is renamed after a
 * look is counted in one slot and ends in another.
 */
function settleDebts(rests: readonly ThreadFigures[], figure: keyof ThreadFigures): void {
  let debt = 0
  for (const rest of rests) if (rest[figure] < 0) debt -= rest[figure]
  for (const rest of rests) {
    const paid = Math.min(Math.max(rest[figure], 0), debt)
    rest[figure] -= paid
    debt -= paid
  }
}
