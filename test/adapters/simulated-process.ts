import type { EndedThreads, ThreadIdentity } from '../../dist/cpu/look.js'
import { THREAD_ROLES, type ThreadRole } from '../../dist/cpu/roles.js'
import { THREAD_ROW } from '../../dist/cpu/row.js'

/** Numbers between 0 and 1 that are the same in every run (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const NS_PER_MS = 1e6

export const FIGURES = ['user', 'system', 'runDelay', 'voluntary', 'involuntary'] as const

export type Used = Record<(typeof FIGURES)[number], number>

const nothing = (): Used => ({ user: 0, system: 0, runDelay: 0, voluntary: 0, involuntary: 0 })

export interface SimulatedThread {
  readonly uid: number
  role: ThreadRole
  name: string
  threadId: number | null
  slot: number
  readonly used: Used
  /** What it must count with: its reading in the last look, once it is clear what the thread is. */
  readonly counted: Used
  readonly startTime: number
  /** A look has seen it. */
  seen: boolean
  /** A look had seen it before it registered. */
  late: boolean
}

/** A process whose threads use what they are told to, kept the way the addon keeps it. */
export class SimulatedProcess {
  now = 1e9
  threads: SimulatedThread[] = []
  /** All that registered threads used that have ended. */
  readonly endedRegistered = nothing()
  /** What the others counted with when they ended. */
  readonly endedUnregistered = nothing()
  /** By the name of the ended slot. */
  readonly ended: EndedThreads[] = [{ name: '', threads: 0, ...nothing() }]

  readonly #lateEndings = new Map<number, number>()
  #uids = 0
  #threadIds = 0

  start(role: ThreadRole, name: string = role): SimulatedThread {
    const thread: SimulatedThread = {
      uid: ++this.#uids,
      role,
      name,
      threadId: null,
      slot: 0,
      used: nothing(),
      counted: nothing(),
      startTime: this.now / NS_PER_MS,
      seen: false,
      late: false,
    }
    this.threads.push(thread)
    return thread
  }

  /** The thread loads threadmeter; without a name it is called by its threadId. */
  register(thread: SimulatedThread, name?: string): void {
    const main = thread.role === 'main'
    thread.late = thread.seen
    thread.threadId = main ? 0 : ++this.#threadIds
    thread.role = main ? 'main' : 'worker'
    thread.name = main ? 'main' : (name ?? `worker-${thread.threadId}`)
    thread.slot = name === undefined ? 0 : this.#slot(name)
  }

  rename(thread: SimulatedThread, name: string): void {
    thread.name = name
    if (thread.threadId !== null) thread.slot = this.#slot(name)
  }

  end(thread: SimulatedThread): void {
    this.threads.splice(this.threads.indexOf(thread), 1)
    if (thread.threadId === null) {
      for (const figure of FIGURES) this.endedUnregistered[figure] += thread.counted[figure]
      return
    }
    const before = this.ended[thread.slot]
    const totals = { ...before, threads: before.threads + 1 }
    for (const figure of FIGURES) {
      totals[figure] += thread.used[figure]
      this.endedRegistered[figure] += thread.used[figure]
    }
    this.ended[thread.slot] = totals
    if (thread.late) this.#lateEndings.set(thread.uid, thread.slot)
  }

  /** Whether a thread can no longer turn out to be a worker that has yet to tell its name. */
  isClear({ threadId, role, startTime }: SimulatedThread): boolean {
    const isUnclearRole = ['worker', 'other', 'libuv'].includes(role)
    return threadId !== null || !isUnclearRole || this.now / NS_PER_MS - startTime >= 1000
  }

  look() {
    const rows = new Float64Array(this.threads.length * THREAD_ROW.length).fill(Number.NaN)
    this.threads.forEach((thread, row) => {
      const at = row * THREAD_ROW.length
      rows[at + THREAD_ROW.uid] = thread.uid
      thread.seen = true
      for (const figure of FIGURES) rows[at + THREAD_ROW[figure]] = thread.used[figure]
      if (this.isClear(thread)) Object.assign(thread.counted, thread.used)
    })
    const identities = new Map(this.threads.map((thread) => [thread.uid, this.#identity(thread)]))
    return {
      rows,
      count: this.threads.length,
      takenAt: this.now,
      ended: [...this.ended],
      lateEndings: new Map(this.#lateEndings),
      identity: (uid: number) => identities.get(uid) as ThreadIdentity,
    }
  }

  #identity({ uid, role, name, threadId, slot, startTime }: SimulatedThread): ThreadIdentity {
    if (!THREAD_ROLES.includes(role)) throw new TypeError(`no role ${role}`)
    return { uid, tid: uid, threadId, name, role, startTime, endedSlot: slot }
  }

  #slot(name: string): number {
    const known = this.ended.findIndex((totals, slot) => slot > 0 && totals.name === name)
    return known > 0 ? known : this.ended.push({ name, threads: 0, ...nothing() }) - 1
  }
}
