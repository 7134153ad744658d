import { Looker } from '../../cpu/look.js'
import { THREAD_ROLES } from '../../cpu/roles.js'
import { THREAD_ROW } from '../../cpu/row.js'
import { type Native, requireNative } from '../../native.js'
import type { CapturedThread } from '../model.js'

const NS_PER_MS = 1e6

/** A thread that runs JavaScript, at a look. */
export interface WatchedThread extends CapturedThread {
  readonly tid: number
  /** Never used twice within the process: a tid is. */
  readonly uid: number
  /** ms on the monotonic clock. */
  readonly at: number
  /** ms of CPU time since its start. */
  readonly cpu: number
  /** ms for which its event loop has waited for events, and for which it has not; NaN without a loop. */
  readonly idle: number
  readonly active: number
  /** ms for which its event loop has not turned, as far as was looked; 0 without a loop. */
  readonly blocked: number
}

/** Where an event loop was at the last look. */
interface Turn {
  idle: number
  turns: number
  at: number
  blocked: number
}

/** libuv counts the turns of loops; addons built before it was read know only how long they were idle. */
type LoopTurns = { loopTurns?(uid: number): number }

/**
 * Repeated looks at the event loops and CPU clocks of this process's JavaScript threads. They are read in
 * the kernel and in libuv: no thread is asked, and what blocks one does not hide it.
 */
export class Looks {
  readonly #native: Native & LoopTurns = requireNative('when()')
  readonly #looker = new Looker('when()')
  readonly #own = { tid: this.#ownTid() }
  #turns = new Map<number, Turn>()

  /**
   * Every JavaScript thread but this one.
   *
   * @param longest ms that count of the time since the last look: what the process was stopped for, or
   * the watch was not running, was not seen
   */
  take(longest: number): WatchedThread[] {
    this.#looker.take(0)
    const turns = new Map<number, Turn>()
    const threads: WatchedThread[] = []
    for (let row = 0; row < this.#looker.count; row++) {
      const thread = this.#read(row, longest, turns)
      if (thread !== undefined) threads.push(thread)
    }
    this.#turns = turns
    return threads
  }

  #read(row: number, longest: number, turns: Map<number, Turn>): WatchedThread | undefined {
    const { rows, takenAt } = this.#looker
    const column = (name: number): number => rows[row * THREAD_ROW.length + name] as number
    const role = THREAD_ROLES[column(THREAD_ROW.role)]
    const [uid, tid] = [column(THREAD_ROW.uid), column(THREAD_ROW.tid)]
    if ((role !== 'main' && role !== 'worker') || tid === this.#own.tid) return undefined
    const { threadId, name } = this.#looker.identity(uid)
    if (threadId === null) return undefined
    const [idle, at] = [column(THREAD_ROW.idle), takenAt / NS_PER_MS]
    const turn = this.#turnOf(uid, idle, at, longest)
    turns.set(uid, turn)
    return {
      ...{ pid: process.pid, tid, threadId, name, role, uid, at },
      cpu: column(THREAD_ROW.cpuTime) / NS_PER_MS,
      idle,
      active: column(THREAD_ROW.active),
      blocked: turn.blocked,
    }
  }

  /** A loop that neither waited for events nor began another turn is where it was. */
  #turnOf(uid: number, idle: number, at: number, longest: number): Turn {
    const turns = this.#native.loopTurns?.(uid) ?? Number.NaN
    const before = this.#turns.get(uid)
    const stood =
      before?.idle === idle && (before.turns === turns || Number.isNaN(turns + before.turns))
    const blocked = stood ? before.blocked + Math.min(at - before.at, longest) : 0
    return { idle, turns, at, blocked }
  }

  #ownTid(): number {
    return this.#native.gettid()
  }
}
