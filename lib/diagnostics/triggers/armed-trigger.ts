import type { Engine } from '../engine.js'
import type { CapturedThread } from '../model.js'
import { stepOf } from './condition.js'
import { EvidenceTaker } from './evidence.js'
import type { Heaps } from './heaps.js'
import { Limits } from './limits.js'
import type { WatchedThread } from './looks.js'
import type { TriggeredCapture, TriggerSpec, TriggerStatus } from './model.js'
import { Ring } from './ring.js'
import { Watched } from './watched.js'

const LONGEST_PERIOD_MS = 250
const MOST_RECENT = 20

/** A trigger that is set: looks at threads, captures, and knows what it has done. */
export class ArmedTrigger {
  readonly id: string
  readonly spec: TriggerSpec
  readonly #createdAt = Date.now()
  readonly #ring: Ring
  readonly #taker: EvidenceTaker
  readonly #waiting = new Set<() => void>()
  readonly #recent: TriggeredCapture[] = []
  readonly #limits: Limits
  readonly #running = new Set<Promise<void>>()
  #watched = new Map<number, Watched>()
  #unknown: readonly string[] = []
  #captured = 0
  #failed = 0
  #suppressed = 0
  #resting = 0
  #lastFailure: string | null = null

  /** @throws what makes its directory unusable */
  constructor(id: string, spec: TriggerSpec, engine: Engine, abort: AbortSignal) {
    this.id = id
    this.spec = spec
    this.#limits = new Limits(spec.capture.every)
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
    await Promise.all(this.#running)
  }

  look(threads: readonly WatchedThread[], heaps: Heaps): void {
    const watched = new Map<number, Watched>()
    for (const thread of threads) {
      if (!this.#isAbout(thread)) continue
      const one = this.#watched.get(thread.uid) ?? new Watched(this.spec, thread)
      one.look(thread, heaps.of(thread.tid))
      watched.set(thread.uid, one)
    }
    this.#watched = watched
    this.#unknown = this.needsHeaps ? namesWithout(threads, watched) : []
    this.#fire([...watched.values()].filter(({ met }) => met))
  }

  #isAbout({ threadId, name }: CapturedThread): boolean {
    const { thread } = this.spec
    if (thread === 'all') return true
    if (thread === 'main') return threadId === 0
    return typeof thread === 'number' ? thread === threadId : thread === name
  }

  #fire(met: readonly Watched[]): void {
    const now = performance.now()
    for (const one of met.toSorted((a, b) => this.#limits.order(a.thread, b.thread))) {
      if (this.#limits.allow(one.thread, now)) this.#capture(one, now)
      else if (!one.counted) this.#suppressed++
      // Once for each time that the condition is met, however often one looks meanwhile.
      one.counted = true
    }
  }

  #capture(one: Watched, now: number): void {
    const { thread } = one
    this.#limits.forget((uid) => this.#watched.has(uid), now)
    this.#limits.begin(thread, now)
    const running = this.#take(one).finally(() => {
      this.#limits.end(thread)
      this.#running.delete(running)
    })
    this.#running.add(running)
  }

  async #take(one: Watched): Promise<void> {
    const at = Date.now()
    const { value } = one
    const { pid, tid, threadId, name, role, uid } = one.thread
    const thread: CapturedThread = { pid, tid, threadId, name, role }
    const { files, failures, rest } = await this.#taker.take({
      thread,
      trigger: this.id,
      at,
      value,
    })
    if (rest !== null) {
      one.rests()
      this.#limits.takeBack(uid)
    }
    if (rest === 'known') {
      this.#resting++
      return
    }
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
