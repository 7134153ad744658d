import { threadId as ownThreadId } from 'node:worker_threads'
import { threads as registeredThreads } from '../../cpu/threads.js'
import { ThreadmeterError } from '../../errors.js'
import type { CapturedThread, ThreadTarget } from '../model.js'
import { withinMs } from './conversation.js'
import type { InspectorRoute } from './inspector.js'
import { MAIN_THREAD } from './main-thread.js'
import type { KnownWorker } from './worker-hub.js'

const TID_MS = 250

const MOST_LISTED = 20

const workerThread = (threadId: number, name: string, tid: number | null): CapturedThread => ({
  pid: process.pid,
  tid,
  threadId,
  name: name || `worker-${threadId}`,
  role: 'worker',
})

/** The threads that loaded threadmeter, but for those that monitor; the main thread in any case. */
export function reportingThreads(): CapturedThread[] {
  const list = [MAIN_THREAD]
  for (const { tid, threadId, name, role } of lookAtThreads()) {
    if (role !== 'worker' || threadId === null || threadId === ownThreadId) continue
    list.push(workerThread(threadId, name, tid))
  }
  return list
}

function lookAtThreads() {
  try {
    return registeredThreads({ runDelay: false })
  } catch {
    // Without the addon there is still what the inspector knows.
    return []
  }
}

// Reading a link is done by the thread that asks: nothing else tells a worker's tid from outside.
const TELL_TID = {
  expression: `process.getBuiltinModule('fs').readlinkSync('/proc/thread-self')`,
  silent: true,
  returnByValue: true,
}

interface Evaluation {
  readonly result?: { readonly value?: unknown }
}

/** The threads of this process that run JavaScript, but for this one. */
export class Threads {
  readonly #route: InspectorRoute
  /** Of workers that did not load threadmeter. A threadId is never used twice. */
  readonly #tids = new Map<number, number>()

  constructor(route: InspectorRoute) {
    this.#route = route
  }

  /**
   * All of them; `isComplete` is false when the main thread did not answer in time, and workers without
   * threadmeter are missing. Needs a lease of the route.
   */
  async list(boundMs: number): Promise<{ threads: CapturedThread[]; isComplete: boolean }> {
    let workers: readonly KnownWorker[] | undefined
    await withinMs(
      boundMs,
      this.#route.workers().then((known) => {
        workers = known
      }),
    )
    const reporting = new Map(reportingThreads().map((thread) => [thread.threadId, thread]))
    if (workers === undefined) return { threads: [...reporting.values()], isComplete: false }
    return { threads: await this.#merge(reporting, workers), isComplete: true }
  }

  async #merge(
    reporting: Map<number, CapturedThread>,
    workers: readonly KnownWorker[],
  ): Promise<CapturedThread[]> {
    const merged = new Map(reporting)
    await Promise.all(
      workers.map(async ({ threadId, name }) => {
        if (threadId === ownThreadId || this.#isMonitor(threadId)) return
        const known = reporting.get(threadId)
        if (known === undefined) {
          merged.set(threadId, workerThread(threadId, name, await this.#tid(threadId, name)))
        } else if (name !== '' && known.name === `worker-${threadId}`) {
          // Where Node does not tell a worker its own name.
          merged.set(threadId, { ...known, name })
        }
      }),
    )
    for (const threadId of this.#tids.keys()) {
      if (!merged.has(threadId)) this.#tids.delete(threadId)
    }
    return [...merged.values()].sort((a, b) => a.threadId - b.threadId)
  }

  #isMonitor(threadId: number): boolean {
    return lookAtThreads().some((known) => known.threadId === threadId && known.role === 'observer')
  }

  async #tid(threadId: number, name: string): Promise<number | null> {
    if (!this.#tids.has(threadId)) {
      await withinMs(TID_MS, this.#askTid(workerThread(threadId, name, null)))
    }
    return this.#tids.get(threadId) ?? null
  }

  async #askTid(thread: CapturedThread): Promise<void> {
    const channel = await this.#route.open(thread)
    try {
      const { result } = await channel.post<Evaluation>('Runtime.evaluate', TELL_TID)
      const tid = Number(/\/task\/(\d+)$/.exec(String(result?.value))?.[1])
      if (tid > 0) this.#tids.set(thread.threadId, tid)
    } finally {
      await channel.close()
    }
  }
}

const describe = ({ role, threadId, name }: CapturedThread): string =>
  role === 'main' ? 'main' : `${threadId} (${name})`

function listed(threads: readonly CapturedThread[]): string {
  const shown = threads.slice(0, MOST_LISTED).map(describe).join(', ')
  const more = threads.length - MOST_LISTED
  return more > 0 ? `${shown} and ${more} more` : shown
}

function candidates(target: ThreadTarget, threads: readonly CapturedThread[]): CapturedThread[] {
  if (target === 'main') return threads.filter(({ role }) => role === 'main')
  const byId = (id: number) => threads.filter(({ threadId }) => threadId === id)
  if (typeof target === 'number') return byId(target)
  const named = threads.filter(({ role, name }) => role === 'worker' && name === target)
  if (named.length > 0 || !/^\d+$/.test(target)) return named
  return byId(Number(target))
}

/**
 * The one thread that is meant by its threadId, its name or `main`. Throws
 * ERR_THREADMETER_THREAD_NOT_FOUND, ERR_THREADMETER_THREAD_AMBIGUOUS.
 */
export function resolveThread(
  target: ThreadTarget,
  threads: readonly CapturedThread[],
  isComplete = true,
): CapturedThread {
  const [thread, ...others] = candidates(target, threads)
  if (thread === undefined) {
    const rest = isComplete ? '' : ', and workers that only the main thread knows, which is blocked'
    throw new ThreadmeterError('ERR_THREADMETER_THREAD_NOT_FOUND', [
      String(target),
      `${listed(threads)}${rest}`,
    ])
  }
  if (others.length === 0) return thread
  const ids = [thread, ...others].map(({ threadId }) => threadId)
  throw new ThreadmeterError('ERR_THREADMETER_THREAD_AMBIGUOUS', [
    String(target),
    ids.slice(0, MOST_LISTED).join(', '),
  ])
}
