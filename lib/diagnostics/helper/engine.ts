import { setMaxListeners } from 'node:events'
import { InspectorRoute } from '../channel/inspector.js'
import { announceProcessEnd } from '../channel/interrupt-channel.js'
import type { Lifecycle } from '../channel/lifecycle.js'
import { resolveThread, type ThreadList, Threads } from '../channel/threads.js'
import type { CaptureContext, CaptureOutcome, Engine } from '../engine.js'
import type { CapturedThread, CaptureRequest, DiagnosticThread, ThreadTarget } from '../model.js'
import type { EngineOptions, Interrupts } from './engine-options.js'
import { Job } from './job.js'
import { KeepAlive } from './keep-alive.js'
import { Looks } from './looks.js'
import { Outcomes } from './outcomes.js'
import { Queues } from './queues.js'
import type { Ways } from './reach.js'
import { Surroundings } from './surroundings.js'

// Only the main thread knows all workers; it may be in a native call, or be slow.
const LIST_MS = [150, 1000]

/** Runs captures for those who ask. Belongs into a thread that nothing else blocks. */
export function createEngine(lifecycle: Lifecycle, options: EngineOptions): Engine {
  return new HelperEngine(lifecycle, options)
}

/** An exit takes what was begun before: whatever begins later is left half-done. */
const untilExit = (interrupts: Interrupts, lifecycle: Lifecycle): Interrupts => ({
  canInterrupt: (tid) => interrupts.canInterrupt(tid),
  async openInterruptChannel(thread) {
    const release = lifecycle.hold()
    try {
      return await interrupts.openInterruptChannel(thread)
    } finally {
      release()
    }
  },
})

class HelperEngine implements Engine {
  readonly #surroundings: Surroundings
  readonly #ways: Ways
  readonly #threads: Threads
  readonly #queues = new Queues()
  readonly #keepAlive = new KeepAlive()
  readonly #looks: Looks

  constructor(lifecycle: Lifecycle, options: EngineOptions) {
    this.#surroundings = new Surroundings(options)
    const { interrupts, kernelView } = this.#surroundings.parts
    const route = new InspectorRoute(lifecycle, options.origin)
    lifecycle.onEnding(announceProcessEnd)
    this.#ways = { route, interrupts: untilExit(interrupts, lifecycle), kernelView }
    this.#threads = new Threads(route)
    this.#looks = new Looks(kernelView)
  }

  async threads(): Promise<readonly DiagnosticThread[]> {
    return this.#running(async () => {
      const { threads } = await this.#threads.list(LIST_MS[0] as number)
      return this.#looks.take(threads)
    })
  }

  async *capture(request: CaptureRequest, context: CaptureContext): AsyncGenerator<CaptureOutcome> {
    const left = new AbortController()
    const signal = AbortSignal.any([context.signal, left.signal])
    // Every thread listens.
    setMaxListeners(0, signal)
    const done = this.#begin()
    try {
      const outcomes = new Outcomes<CaptureOutcome>()
      const start = (thread: CapturedThread) =>
        outcomes.add(this.#outcome(thread, request, { ...context, signal }))
      if (request.thread === 'all') outcomes.during(this.#startAll(start))
      else start(await this.#resolve(request.thread))
      yield* outcomes
    } finally {
      // Nobody waits for what is still running.
      left.abort()
      done()
    }
  }

  async #outcome(
    thread: CapturedThread,
    request: CaptureRequest,
    context: CaptureContext,
  ): Promise<CaptureOutcome> {
    try {
      const job = new Job(thread, request, context, this.#surroundings)
      return { thread, content: await job.run(this.#ways, this.#queues) }
    } catch (error) {
      return { thread, error }
    }
  }

  /** Threads that are known do not wait for long for the main thread to tell of the others. */
  async #startAll(start: (thread: CapturedThread) => void): Promise<void> {
    const started = new Set<number>()
    for await (const { threads } of this.#lists()) {
      for (const thread of threads) {
        if (started.has(thread.threadId)) continue
        started.add(thread.threadId)
        start(thread)
      }
    }
  }

  async #resolve(target: ThreadTarget): Promise<CapturedThread> {
    const { main } = this.#ways.route.origin
    if (target === main.name || target === main.threadId) return main
    let refused: unknown
    for await (const { threads, isComplete, failure } of this.#lists()) {
      try {
        return resolveThread(target, threads, isComplete)
      } catch (error) {
        refused = failure ?? error
      }
    }
    throw refused
  }

  /** What is known of the threads, until all are or enough was waited. */
  async *#lists(): AsyncGenerator<ThreadList, void> {
    for (const boundMs of LIST_MS) {
      const list = await this.#threads.list(boundMs)
      yield list
      if (list.isComplete || list.failure !== undefined) return
    }
  }

  async #running<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#begin()
    try {
      return await work()
    } finally {
      done()
    }
  }

  /** Until the returned function is called, the helper stays alive and sessions are kept. */
  #begin(): () => void {
    const rest = this.#keepAlive.begin()
    const release = this.#ways.route.lease()
    return () => {
      release()
      rest()
    }
  }
}
