import { ThreadmeterError } from '../../errors.js'
import type { CapturedThread, ThreadTarget } from '../model.js'
import { withinMs } from './conversation.js'
import type { InspectorRoute } from './inspector.js'
import type { Origin } from './origin.js'
import type { KnownWorker } from './worker-hub.js'

const TID_MS = 150

const MOST_LISTED = 20

const nameless = (threadId: number): string => `worker-${threadId}`

const workerThread = (
  pid: number,
  threadId: number,
  name: string,
  tid: number | null,
): CapturedThread => ({
  pid,
  tid,
  threadId,
  name: name || nameless(threadId),
  role: 'worker',
})

// Reading a link is done by the thread that asks: nothing else tells a worker's tid from outside.
const TELL_TID = {
  expression: `process.getBuiltinModule('fs').readlinkSync('/proc/thread-self')`,
  silent: true,
  returnByValue: true,
}

interface Evaluation {
  readonly result?: { readonly value?: unknown }
}

export interface ThreadList {
  readonly threads: readonly CapturedThread[]
  /** False when the main thread did not answer in time: workers without threadmeter are missing. */
  readonly isComplete: boolean
  /** Why the inspector told nothing. */
  readonly failure?: unknown
}

/** What only the inspector told. A threadId is never used twice. */
interface Told {
  /** The `name` option, which a worker is not told itself by every Node. */
  readonly name: string
  tid: number | null
  /** It loaded threadmeter: while it lives it is among those that report. */
  reports: boolean
}

/** The threads of a process that run JavaScript, but for those that monitor. */
export class Threads {
  readonly #route: InspectorRoute
  readonly #origin: Origin
  #told = new Map<number, Told>()

  constructor(route: InspectorRoute) {
    this.#route = route
    this.#origin = route.origin
  }

  /** All of them, as far as they are known within the time. Needs a lease of the route. */
  async list(boundMs: number): Promise<ThreadList> {
    let workers: readonly KnownWorker[] | undefined
    let failure: unknown
    const telling = this.#route.workers().then(
      (known) => {
        workers = known
      },
      (error) => {
        failure = error
      },
    )
    await withinMs(boundMs, telling)
    if (workers !== undefined) await this.#learn(workers)
    const threads = this.#known()
    const isComplete = workers !== undefined
    return failure === undefined ? { threads, isComplete } : { threads, isComplete, failure }
  }

  #known(): CapturedThread[] {
    const { main, ownThreadId } = this.#origin
    const known = new Map<number, CapturedThread>()
    const monitors = new Set(ownThreadId === null ? [] : [ownThreadId])
    for (const { tid, threadId, name, role } of this.#origin.reportingThreads()) {
      if (threadId === null) continue
      if (role === 'observer') monitors.add(threadId)
      if (role === 'worker') known.set(threadId, workerThread(main.pid, threadId, name, tid))
    }
    for (const [threadId, { name, tid, reports }] of this.#told) {
      const reporting = known.get(threadId)
      if (reporting === undefined) {
        if (!reports) known.set(threadId, workerThread(main.pid, threadId, name, tid))
      } else if (name !== '' && reporting.name === nameless(threadId)) {
        known.set(threadId, { ...reporting, name })
      }
    }
    for (const threadId of monitors) known.delete(threadId)
    return [main, ...[...known.values()].sort((a, b) => a.threadId - b.threadId)]
  }

  /** Keeps what the inspector tells of the workers that there are now. */
  async #learn(workers: readonly KnownWorker[]): Promise<void> {
    const before = this.#told
    const reporting = new Set(this.#origin.reportingThreads().map(({ threadId }) => threadId))
    this.#told = new Map()
    for (const { threadId, name } of workers) {
      const told = before.get(threadId) ?? { name, tid: null, reports: false }
      told.reports ||= reporting.has(threadId)
      this.#told.set(threadId, told)
    }
    const asked = [...this.#told].filter(
      ([threadId, { tid, reports }]) =>
        tid === null && !reports && threadId !== this.#origin.ownThreadId,
    )
    await Promise.all(
      asked.map(([threadId, told]) => withinMs(TID_MS, this.#askTid(threadId, told))),
    )
  }

  async #askTid(threadId: number, told: Told): Promise<void> {
    const channel = await this.#route.open(
      workerThread(this.#origin.main.pid, threadId, told.name, null),
    )
    const telling = channel.post<Evaluation>('Runtime.evaluate', TELL_TID).then(({ result }) => {
      const tid = Number(/\/task\/(\d+)$/.exec(String(result?.value))?.[1])
      if (tid > 0) told.tid = this.#origin.tidOf(tid)
    })
    // One in a native call does not answer: sessions would stay open for as long, more with each list.
    await withinMs(TID_MS, telling)
    void channel.close()
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
