import { InspectorRoute } from '../channel/inspector.js'
import type { Lifecycle } from '../channel/lifecycle.js'
import { reportingThreads, resolveThread, Threads } from '../channel/threads.js'
import type { CaptureContext, CaptureOutcome, Engine } from '../engine.js'
import type { CapturedThread, CaptureRequest, DiagnosticThread } from '../model.js'
import type { EngineOptions } from './engine-options.js'
import { Job } from './job.js'
import { KeepAlive } from './keep-alive.js'
import { Looks } from './looks.js'
import { Outcomes } from './outcomes.js'
import { Queues } from './queues.js'
import type { Ways } from './reach.js'

// Only the main thread knows of workers without threadmeter; it may be in a native call.
const LIST_MS = 1000
const NAME_MS = 400

/** Runs captures for those who ask. Belongs into a thread that nothing else blocks. */
export function createEngine(lifecycle: Lifecycle, options: EngineOptions): Engine {
  return new HelperEngine(lifecycle, options)
}

class HelperEngine implements Engine {
  readonly #options: EngineOptions
  readonly #ways: Ways
  readonly #threads: Threads
  readonly #queues = new Queues()
  readonly #keepAlive = new KeepAlive()
  readonly #looks: Looks

  constructor(lifecycle: Lifecycle, options: EngineOptions) {
    this.#options = options
    const { interrupts, kernelView } = options
    const route = new InspectorRoute(lifecycle)
    this.#ways = { route, interrupts, kernelView }
    this.#threads = new Threads(route)
    this.#looks = new Looks(kernelView)
  }

  async threads(): Promise<readonly DiagnosticThread[]> {
    return this.#running(async () => {
      const { threads } = await this.#threads.list(NAME_MS)
      return this.#looks.take(threads)
    })
  }

  async *capture(request: CaptureRequest, context: CaptureContext): AsyncGenerator<CaptureOutcome> {
    const left = new AbortController()
    const signal = AbortSignal.any([context.signal, left.signal])
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
      const job = new Job(thread, request, context, this.#options)
      return { thread, content: await job.run(this.#ways, this.#queues) }
    } catch (error) {
      return { thread, error }
    }
  }

  /** Threads that are known at once do not wait for the main thread to tell of the others. */
  async #startAll(start: (thread: CapturedThread) => void): Promise<void> {
    const started = new Set<number>()
    const startNew = (thread: CapturedThread) => {
      if (started.has(thread.threadId)) return
      started.add(thread.threadId)
      start(thread)
    }
    reportingThreads().forEach(startNew)
    const { threads } = await this.#threads.list(LIST_MS)
    threads.forEach(startNew)
  }

  async #resolve(target: CapturedThread['threadId'] | string): Promise<CapturedThread> {
    const reporting = reportingThreads()
    const byId = reporting.find(({ threadId }) => threadId === target)
    if (byId !== undefined) return byId
    if (target === 'main') return resolveThread(target, reporting)
    const bound = typeof target === 'number' ? LIST_MS : NAME_MS
    const { threads, isComplete } = await this.#threads.list(bound)
    return resolveThread(target, threads, isComplete)
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
