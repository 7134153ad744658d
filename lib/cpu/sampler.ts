import { invalidArgType } from '../errors.js'
import { requireNative } from '../native.js'
import { LOOK, Looker, type ThreadIdentity } from './look.js'
import { THREAD_ROLES, type ThreadRole } from './roles.js'
import { THREAD_ROW } from './row.js'
import { VERDICTS, type Verdict, verdictOf } from './verdict.js'

/** What one thread did between two looks. */
export interface ThreadSample {
  tid: number
  threadId: number | null
  name: string
  role: ThreadRole
  /** ms between the two looks. */
  interval: number
  /** CPU utilization in cores: 1 is one processor, all the time. */
  cpu: number
  /** The part of `cpu` spent in user code; sampled once a timer tick. */
  user: number
  /** The part of `cpu` spent in the kernel. */
  system: number
  /** Share of the time spent runnable, without a processor; null where the kernel does not say. */
  runDelay: number | null
  /** Share of the time in which the event loop was not waiting for events; null without a loop. */
  eventLoopUtilization: number | null
  verdict: Verdict
}

/**
 * The columns of a row that {@link ThreadSampler.sampleInto} writes: a thread takes
 * `SAMPLE_ROW.length` numbers. The figures are those of {@link ThreadSample}, NaN for null.
 */
export const SAMPLE_ROW = {
  uid: 0,
  tid: 1,
  threadId: 2,
  /** Index into `THREAD_ROLES`. */
  role: 3,
  interval: 4,
  cpu: 5,
  user: 6,
  system: 7,
  runDelay: 8,
  eventLoopUtilization: 9,
  /** Index into `VERDICTS`. */
  verdict: 10,
  length: 11,
} as const

const NS_PER_MS = 1e6

const clampShare = (share: number): number => Math.min(Math.max(share, 0), 1)

/**
 * Rates and a verdict for every thread, between one look and the next. The first look is taken when the
 * sampler is made. Several samplers do not disturb each other.
 *
 * Cost of a sample: 0.4 to 5 µs a thread, and nothing in the threads that are looked at. No timer: the
 * caller decides when to look.
 *
 * @throws {ThreadmeterError} `ERR_THREADMETER_ADDON_UNAVAILABLE`
 *
 * @example
 * ```js
 * import { setTimeout } from 'node:timers/promises'
 * import { ThreadSampler } from 'threadmeter'
 *
 * const sampler = new ThreadSampler()
 * await setTimeout(1000)
 * for (const { name, cpu, runDelay, verdict } of sampler.sample()) {
 *   console.log(name, `${(cpu * 100).toFixed(1)} % CPU`, runDelay, verdict)
 * }
 * ```
 */
export class ThreadSampler {
  #looker = new Looker('ThreadSampler')
  #native = requireNative('ThreadSampler')
  #flags = LOOK.split | LOOK.runDelay
  #before = new Float64Array(0)
  #beforeCount = 0
  #beforeAt = 0
  #rows = new Float64Array(0)

  constructor() {
    this.#look()
  }

  /**
   * What every thread did since the last sample (or since the sampler was made).
   *
   * Cost: 0.4 to 5 µs a thread.
   */
  sample(): ThreadSample[] {
    const needed = (): number => this.#looker.count * SAMPLE_ROW.length
    this.#look()
    if (this.#rows.length < needed()) this.#rows = new Float64Array(needed() * 2)
    this.#rates(this.#rows)
    return Array.from({ length: this.#looker.count }, (_, row) => this.#sample(row))
  }

  /**
   * The same as numbers in a caller's array, without allocating: row `i` begins at
   * `i * SAMPLE_ROW.length`, its columns are those of {@link SAMPLE_ROW}.
   *
   * Cost: 0.3 to 4 µs a thread.
   *
   * @returns the number of threads, which may be more than there is room for
   * @throws {TypeError} `ERR_THREADMETER_INVALID_ARG_TYPE` for a bad target
   *
   * @example
   * ```js
   * import { SAMPLE_ROW, ThreadSampler, VERDICTS } from 'threadmeter'
   *
   * const sampler = new ThreadSampler()
   * const rows = new Float64Array(256 * SAMPLE_ROW.length)
   * const count = Math.min(sampler.sampleInto(rows), 256)
   * for (let at = 0; at < count * SAMPLE_ROW.length; at += SAMPLE_ROW.length) {
   *   const verdict = VERDICTS[rows[at + SAMPLE_ROW.verdict]]
   *   if (verdict === 'starved') console.log(rows[at + SAMPLE_ROW.tid])
   * }
   * ```
   */
  sampleInto(target: Float64Array): number {
    if (!(target instanceof Float64Array)) throw invalidArgType('target', 'a Float64Array', target)
    this.#look()
    this.#rates(target)
    return this.#looker.count
  }

  /** Who a row of the last sample belongs to, by its `uid`; undefined for any other number. */
  identity(uid: number): ThreadIdentity | undefined {
    return this.#looker.identity(uid)
  }

  /** Keeps the last look's rows as those before, and takes the next into the older array. */
  #look(): void {
    const looker = this.#looker
    const spare = this.#before
    this.#before = looker.rows
    this.#beforeCount = looker.count
    this.#beforeAt = looker.takenAt
    looker.rows = spare
    looker.take(this.#flags)
  }

  #rates(target: Float64Array): void {
    const { rows, count } = this.#looker
    const room = Math.min(count, Math.floor(target.length / SAMPLE_ROW.length))
    // Both looks list their threads in the order of their uids.
    let before = 0
    for (let row = 0; row < room; row++) {
      const uid = rows[row * THREAD_ROW.length] as number
      while (before < this.#beforeCount && this.#uidBefore(before) < uid) before++
      const known = before < this.#beforeCount && this.#uidBefore(before) === uid
      this.#rate(target, row, known ? before : -1)
    }
  }

  #uidBefore(row: number): number {
    return this.#before[row * THREAD_ROW.length + THREAD_ROW.uid] as number
  }

  /** How much a column has grown; a thread that is new (`before` < 0) had used nothing. */
  #grown(column: number, row: number, before: number): number {
    const now = this.#looker.rows[row * THREAD_ROW.length + column] as number
    if (before < 0) return now
    return now - (this.#before[before * THREAD_ROW.length + column] as number)
  }

  #rate(target: Float64Array, row: number, before: number): void {
    const window = Math.max(this.#looker.takenAt - this.#beforeAt, 1)
    const cpu = Math.max(this.#grown(THREAD_ROW.cpuTime, row, before), 0) / window
    const user = this.#grown(THREAD_ROW.user, row, before)
    const system = this.#grown(THREAD_ROW.system, row, before)
    const userShare = user + system > 0 ? user / (user + system) : 1
    const runDelay = clampShare(this.#grown(THREAD_ROW.runDelay, row, before) / window)
    const active = this.#grown(THREAD_ROW.active, row, before)
    const loop = active + this.#grown(THREAD_ROW.idle, row, before)
    // Without a condition: V8 would put the NaN of each thread without a loop on the heap.
    const utilization = clampShare(active / Math.max(loop, Number.MIN_VALUE))
    // Of the window, not of the loop's own time: a thread that is new had no loop for most of it.
    const held = (active * NS_PER_MS) / window

    const rows = this.#looker.rows
    const from = row * THREAD_ROW.length
    const to = row * SAMPLE_ROW.length
    const tid = rows[from + THREAD_ROW.tid] as number
    target[to + SAMPLE_ROW.uid] = rows[from + THREAD_ROW.uid] as number
    target[to + SAMPLE_ROW.tid] = tid
    target[to + SAMPLE_ROW.threadId] = rows[from + THREAD_ROW.threadId] as number
    target[to + SAMPLE_ROW.role] = rows[from + THREAD_ROW.role] as number
    target[to + SAMPLE_ROW.interval] = window / NS_PER_MS
    target[to + SAMPLE_ROW.cpu] = cpu
    target[to + SAMPLE_ROW.user] = cpu * userShare
    target[to + SAMPLE_ROW.system] = cpu * (1 - userShare)
    target[to + SAMPLE_ROW.runDelay] = runDelay
    target[to + SAMPLE_ROW.eventLoopUtilization] = utilization
    target[to + SAMPLE_ROW.verdict] = VERDICTS.indexOf(this.#verdict(tid, cpu, runDelay, held))
  }

  #verdict(tid: number, cpu: number, runDelay: number, loopActive: number): Verdict {
    const verdict = verdictOf(cpu, runDelay, loopActive)
    // The kernel adds a wait for a processor to the delay only when it is over. A thread that has been
    // waiting all the while looks blocked; that it is runnable gives it away. One that got on at all
    // is left alone: a blocked thread is runnable for a moment when its call returns.
    const never = cpu === 0 && !(runDelay > 0)
    return verdict === 'blocked' && never && this.#native.waitingForCpu(tid) ? 'starved' : verdict
  }

  #sample(row: number): ThreadSample {
    const at = (column: number): number => this.#rows[row * SAMPLE_ROW.length + column] as number
    const { tid, threadId, name } = this.#looker.identity(at(SAMPLE_ROW.uid))
    const runDelay = at(SAMPLE_ROW.runDelay)
    const utilization = at(SAMPLE_ROW.eventLoopUtilization)
    return {
      tid,
      threadId,
      name,
      role: THREAD_ROLES[at(SAMPLE_ROW.role)] as ThreadRole,
      interval: at(SAMPLE_ROW.interval),
      cpu: at(SAMPLE_ROW.cpu),
      user: at(SAMPLE_ROW.user),
      system: at(SAMPLE_ROW.system),
      runDelay: Number.isNaN(runDelay) ? null : runDelay,
      eventLoopUtilization: Number.isNaN(utilization) ? null : utilization,
      verdict: VERDICTS[at(SAMPLE_ROW.verdict)] as Verdict,
    }
  }
}
