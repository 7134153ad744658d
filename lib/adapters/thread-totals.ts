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
  name: string
  role: ThreadRole
  registered: boolean
  endedSlot: number
  readonly since: number
  /** Undefined until the thread counts. */
  series: ThreadSeries | undefined
  readonly last: ThreadFigures
}

const FIGURES = ['user', 'system', 'runDelay', 'voluntary', 'involuntary'] as const

// How long a thread of unknown purpose is watched before it counts, in ns.
const SETTLES_AFTER = 1e9

const figures = (value: number): ThreadFigures => ({
  user: value,
  system: value,
  runDelay: value,
  voluntary: value,
  involuntary: value,
})

/** Adds what is known; NaN plus nothing stays NaN. */
function add(series: ThreadFigures, figure: keyof ThreadFigures, amount: number): void {
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

  /** Adds what was used since the look before. */
  add(look: ThreadLook): void {
    const before = this.#known
    this.#known = new Map()
    this.live.clear()
    this.unsettled.user = 0
    this.unsettled.system = 0
    for (let row = 0; row < look.count; row++) this.#addRow(look, row * THREAD_ROW.length, before)
    this.#addEnded(look.ended, this.#countedOfEnded(before))
  }

  #addRow(look: ThreadLook, at: number, before: Map<number, Known>): void {
    const uid = look.rows[at + THREAD_ROW.uid] as number
    const identity = look.identity(uid)
    const known = this.#recognize(identity, before.get(uid), look.takenAt)
    this.#known.set(uid, known)
    this.live.set(identity.role, (this.live.get(identity.role) ?? 0) + 1)
    if (known.series === undefined) {
      this.unsettled.user += look.rows[at + THREAD_ROW.user] as number
      this.unsettled.system += look.rows[at + THREAD_ROW.system] as number
      return
    }
    for (const figure of FIGURES) {
      const now = look.rows[at + THREAD_ROW[figure]] as number
      if (!(now >= known.last[figure])) continue
      add(known.series, figure, now - known.last[figure])
      known.last[figure] = now
    }
  }

  /** What is known of a thread; its label is decided at first sight, and again when its name changes. */
  #recognize(identity: ThreadIdentity, before: Known | undefined, now: number): Known {
    const { name, role, endedSlot } = identity
    const registered = identity.threadId !== null
    const known = before ?? {
      name,
      role,
      registered,
      endedSlot,
      since: now,
      series: undefined,
      last: figures(0),
    }
    const changed = known.name !== name || known.role !== role
    Object.assign(known, { name, role, registered, endedSlot })
    if (known.series === undefined ? counts(known, now) : changed) {
      const threadId = isUnnamedWorker(identity) || role === 'main' ? identity.threadId : null
      const label = this.#labels.of(identity)
      known.series = this.#seriesFor(label, role, label === name ? threadId : null)
    }
    return known
  }

  /** By ended slot, what has been counted of the registered threads that are gone. */
  #countedOfEnded(before: Map<number, Known>): ThreadFigures[] {
    const counted: ThreadFigures[] = []
    for (const [uid, known] of before) {
      if (!known.registered || this.#known.has(uid)) continue
      counted[known.endedSlot] ??= figures(0)
      const slot = counted[known.endedSlot] as ThreadFigures
      for (const figure of FIGURES) slot[figure] += known.last[figure]
    }
    return counted
  }

  #addEnded(ended: readonly EndedThreads[], counted: readonly ThreadFigures[]): void {
    for (const figure of FIGURES) {
      const rest = ended.map(
        (now, slot) =>
          now[figure] - (this.#ended[slot]?.[figure] ?? 0) - (counted[slot]?.[figure] ?? 0),
      )
      settleDebts(rest)
      rest.forEach((amount, slot) => {
        if (amount <= 0) return
        const name = ended[slot]?.name ?? ''
        const label = name === '' ? 'worker' : this.#labels.ofEnded(name)
        add(this.#seriesFor(label, 'worker', null), figure, amount)
      })
    }
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
 * Whether a thread is what it looks like. One that neither registered nor shows a known purpose may be a
 * worker that is about to register: its first milliseconds belong to the name it will tell then, and if
 * it ends before the next look they come with the totals of ended threads.
 */
function counts({ registered, role, since }: Known, now: number): boolean {
  const settled = registered || (role !== 'worker' && role !== 'other')
  return settled || now - since >= SETTLES_AFTER
}

/**
 * Lets what was counted too much in one slot be paid by the others: a thread that is renamed after a
 * look is counted in one slot and ends in another.
 */
function settleDebts(rest: number[]): void {
  let debt = 0
  for (const amount of rest) if (amount < 0) debt -= amount
  for (let slot = 0; slot < rest.length && debt > 0; slot++) {
    const paid = Math.min(Math.max(rest[slot] as number, 0), debt)
    rest[slot] = (rest[slot] as number) - paid
    debt -= paid
  }
}
