import { figures, type ThreadFigures } from '../../adapters/thread-totals.js'
import type { OutsideIdentity } from './identity.js'
import { LoopWatch } from './loop-watch.js'
import { threadKey } from './meters.js'
import { readTask, TASK, TASK_FLAG } from './task-reader.js'

const NS_PER_MICRO = 1e3

const RUNNING = 'R'.charCodeAt(0)
const ALL = TASK_FLAG.stat | TASK_FLAG.status

const clamp = (value: number, low: number, high: number): number =>
  Math.min(Math.max(value, low), high)

/** One thread of one process: its last reading, which is renewed where it stands. */
export class WatchedThread {
  readonly pid: number
  readonly tid: number
  /** Clock ticks after boot: who has the same tid later has another start. */
  readonly start: number
  readonly key: string
  /** The key of its process. */
  readonly process: string
  identity: OutsideIdentity
  /** Whether it told who it is in a meter file. */
  registered = false
  /** Counters since its start. */
  readonly used: ThreadFigures = figures(Number.NaN)
  /** ns; behind by up to a timer tick while the thread runs. */
  cpu = 0
  state = 0
  processor = 0
  readonly loop = new LoopWatch()
  /** Whether the last look found that it had run. */
  moved = true

  #timeslices = Number.NaN

  constructor(
    { pid, key }: { readonly pid: number; readonly key: string },
    tid: number,
    start: number,
    identity: OutsideIdentity,
  ) {
    this.pid = pid
    this.process = key
    this.tid = tid
    this.start = start
    this.key = threadKey(key, tid, start)
    this.identity = identity
    this.used.user = this.used.system = 0
  }

  /** Whether it was runnable when its state was last read. */
  get runnable(): boolean {
    return this.state === RUNNING
  }

  /** Reads it again; false when it is gone. One that has not run is not read further than that. */
  read(): boolean {
    const quick = readTask(this.pid, this.tid, 0)
    if (quick === undefined) return false
    // Without schedstat there are no timeslices, and nothing tells that it has not run.
    const still = quick[TASK.timeslices] === this.#timeslices && quick[TASK.cpu] === this.cpu
    this.moved = !still
    // What a thread that stands still is doing does not change, but for one that was caught running.
    const flags = !still ? ALL : this.runnable ? TASK_FLAG.stat : 0
    if (flags === 0) return true
    const full = readTask(this.pid, this.tid, flags)
    if (full === undefined) return false
    const start = full[TASK.start] as number
    // For want of permission or of descriptors, the last reading stands.
    if (Number.isNaN(start)) return true
    if (start !== this.start) return false
    this.#take(full)
    return true
  }

  #take(from: Float64Array): void {
    const { used } = this
    this.state = from[TASK.state] as number
    this.processor = from[TASK.processor] as number
    this.#timeslices = from[TASK.timeslices] as number
    this.cpu = Math.max(this.cpu, from[TASK.cpu] as number)
    const userTicks = from[TASK.user] as number
    this.#split(this.cpu / NS_PER_MICRO, userTicks / (userTicks + (from[TASK.system] as number)))
    used.runDelay = from[TASK.runDelay] as number
    if (Number.isNaN(from[TASK.voluntary] as number)) return
    used.voluntary = from[TASK.voluntary] as number
    used.involuntary = from[TASK.involuntary] as number
  }

  /** The total is exact and its halves are samples: neither of them goes down. */
  #split(total: number, userShare: number): void {
    const { used } = this
    const before = used.user + used.system
    const share = Number.isNaN(userShare) ? (before > 0 ? used.user / before : 1) : userShare
    used.user = clamp(total * share, used.user, Math.max(total - used.system, used.user))
    used.system = Math.max(total - used.user, used.system)
  }
}
