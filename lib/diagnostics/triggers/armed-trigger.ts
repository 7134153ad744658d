import type { Engine } from '../engine.js'
import type { CapturedThread } from '../model.js'
import { type Condition, conditionFor, stepOf } from './condition.js'
import { EvidenceTaker } from './evidence.js'
import type { Heaps } from './heaps.js'
import type { WatchedThread } from './looks.js'
import type { TriggeredCapture, TriggerSpec, TriggerStatus } from './model.js'
import { Ring } from './ring.js'

const LONGEST_PERIOD_MS = 250
const MOST_RECENT = 20
const MS_PER_SECOND = 1000

interface Watched {
  readonly thread: WatchedThread
  readonly condition: Condition
  readonly value: number
  /** Whether this time of its condition being met has been counted. */
  readonly counted: boolean
}

/** A trigger that is set: looks at threads, captures, and knows what it has done. */
export class ArmedTrigger {
  readonly id: string
  readonly spec: TriggerSpec
  readonly #createdAt = Date.now()
  readonly #ring: Ring
  readonly #taker: EvidenceTaker
  readonly #waiting = new Set<() => void>()
  readonly #recent: TriggeredCapture[] = []
  #watched = new Map<number, Watched>()
  readonly #lastOf = new Map<number, number>()
  #unknown: readonly string[] = []
  #running: Promise<void> | undefined
  #lastAt = Number.NEGATIVE_INFINITY
  #captured = 0
  #failed = 0
  #suppressed = 0
  #resting = 0
  #lastFailure: string | null = null

  /** @throws what makes its directory unusable */
  constructor(id: string, spec: TriggerSpec, engine: Engine, abort: AbortSignal) {
    this.id = id
    this.spec = spec
    this.#ring = new Ring(spec.capture.directory, spec.capture)
    this.#taker = new EvidenceTaker(engine, this.#ring, spec, abort)
  }

  /** How often it has to be looked, in ms. */
  get period(): number {
    return Math.min(LONGEST_PERIOD_MS, stepOf(this.spec.for))
  }

  get needsHeaps(): boolean {
    return this.spec.condition === 'heapAbove'
  }

  get status(): TriggerStatus {
    return {
      id: this.id,
      ...this.spec,
      createdAt: this.#createdAt,
      directory: this.#ring.directory,
      threads: this.#watched.size,
      unknown: this.#unknown,
      captured: this.#captured,
      failed: this.#failed,
      suppressed: this.#suppressed,
      resting: this.#resting,
      removed: this.#ring.removed,
      lastFailure: this.#lastFailure,
      recent: [...this.#recent],
    }
  }

  /** Resolves once there is a capture of a higher number, or it is aborted. */
  captureAfter(number: number, signal: AbortSignal): Promise<void> {
    if (this.#captured > number || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const end = (): void => {
        this.#waiting.delete(end)
        signal.removeEventListener('abort', end)
        resolve()
      }
      this.#waiting.add(end)
      signal.addEventListener('abort', end)
    })
  }

  /** Lets go of those who wait for captures. */
  disarm(): void {
    for (const end of [...this.#waiting]) end()
  }

  /** Resolves when what is being captured is written. */
  async settled(): Promise<void> {
    await this.#running
  }

  look(threads: readonly WatchedThread[], heaps: Heaps): void {
    const watched = new Map<number, Watched>()
    const met: Watched[] = []
    for (const thread of threads) {
      if (!this.#isAbout(thread)) continue
      const before = this.#watched.get(thread.uid)
      const condition = before?.condition ?? conditionFor(this.spec)
      const finding = condition.look(thread, heaps.of(thread.tid))
      const counted = finding.met && before?.counted === true
      const now = { thread, condition, value: finding.value, counted }
      watched.set(thread.uid, now)
      if (finding.met) met.push(now)
    }
    this.#watched = watched
    this.#unknown = this.needsHeaps ? namesWithout(threads, this.#watched) : []
    if (met.length > 0) this.#fire(met)
  }

  #isAbout({ threadId, name }: CapturedThread): boolean {
    const { thread } = this.spec
    if (thread === 'all') return true
    if (thread === 'main') return threadId === 0
    return typeof thread === 'number' ? thread === threadId : thread === name
  }

  /** One thread at a time, none too often: the one that has not been looked into for longest. */
  #fire(met: readonly Watched[]): void {
    const now = performance.now()
    const every = this.spec.capture.every * MS_PER_SECOND
    const lastOf = ({ thread }: Watched): number =>
      this.#lastOf.get(thread.uid) ?? Number.NEGATIVE_INFINITY
    const [first] = met
      .filter((one) => now - lastOf(one) >= every)
      .sort((a, b) => lastOf(a) - lastOf(b))
    const mayCapture = now - this.#lastAt >= every && this.#running === undefined
    if (first !== undefined && mayCapture) this.#capture(first, now)
    this.#suppress(met.filter((one) => one !== first || !mayCapture))
  }

  /** Once for each time that the condition is met, however often one looks meanwhile. */
  #suppress(met: readonly Watched[]): void {
    for (const one of met) {
      if (one.counted) continue
      this.#suppressed++
      this.#count(one)
    }
  }

  #count(one: Watched): void {
    this.#watched.set(one.thread.uid, { ...one, counted: true })
  }

  #capture(one: Watched, now: number): void {
    this.#count(one)
    this.#lastOf.set(one.thread.uid, now)
    for (const uid of this.#lastOf.keys()) if (!this.#watched.has(uid)) this.#lastOf.delete(uid)
    this.#running = this.#take(one, now).finally(() => {
      this.#running = undefined
    })
  }

  async #take({ thread: watched, value }: Watched, now: number): Promise<void> {
    const at = Date.now()
    const { pid, tid, threadId, name, role } = watched
    const thread: CapturedThread = { pid, tid, threadId, name, role }
    const { files, failures, isKnownRest } = await this.#taker.take(thread, this.id, at)
    if (isKnownRest) {
      this.#resting++
      return
    }
    this.#lastAt = now
    const capture = { number: ++this.#captured, at, thread, value, files, failures }
    this.#failed += failures.length
    this.#lastFailure = failures.at(-1) ?? this.#lastFailure
    this.#recent.push(capture)
    if (this.#recent.length > MOST_RECENT) this.#recent.shift()
    for (const end of [...this.#waiting]) end()
  }
}

function namesWithout(
  threads: readonly WatchedThread[],
  watched: ReadonlyMap<number, Watched>,
): string[] {
  return threads
    .filter(({ uid }) => Number.isNaN(watched.get(uid)?.value ?? 0))
    .map(({ name }) => name)
}
