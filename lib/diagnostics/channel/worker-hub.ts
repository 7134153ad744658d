import type { CapturedThread } from '../model.js'
import type { Lifecycle } from './lifecycle.js'
import { MainChannel } from './main-channel.js'
import { WorkerChannel } from './worker-channel.js'

/** A worker as the main thread's inspector names it. */
export interface KnownWorker {
  readonly threadId: number
  /** Its `name` option; empty without. */
  readonly name: string
}

interface AttachedWorker extends KnownWorker {
  readonly sessionId: string
}

interface Attached {
  readonly sessionId: string
  readonly workerInfo: { readonly title: string }
}

// `workerId` is something else than the threadId.
const TITLE = /^\[worker (\d+)\] ?(.*)$/s

// What Node 24 and later call a worker without a name.
const UNNAMED = 'WorkerThread'

/**
 * The sessions of all workers that one session of the main thread brings: each is used once, so that
 * no capture finds what another one enabled.
 */
export class WorkerHub {
  readonly #main: MainChannel
  readonly #unused = new Map<number, AttachedWorker>()
  readonly #channels = new Map<string, WorkerChannel>()
  readonly #idle: (hub: WorkerHub) => void
  /** Resolves when all workers are known: when the main thread has answered. */
  readonly ready: Promise<unknown>
  #isFresh = true

  /** @param idle called each time that the last channel has closed */
  constructor(lifecycle: Lifecycle, closed: () => void, idle: (hub: WorkerHub) => void) {
    this.#idle = idle
    this.#main = new MainChannel(lifecycle, closed)
    this.#main.on('NodeWorker.attachedToWorker', (params) => this.#attached(params))
    this.#main.on('NodeWorker.detachedFromWorker', (params) => this.#detached(params))
    this.#main.on('NodeWorker.receivedMessageFromWorker', (params) => this.#received(params))
    this.ready = this.#main.post('NodeWorker.enable', { waitForDebuggerOnStart: false })
    // Whoever waits for it hears of it.
    this.ready.catch(() => {})
  }

  /** Whether it shows all workers: none of the sessions has been used. */
  get isFresh(): boolean {
    return this.#isFresh
  }

  get isIdle(): boolean {
    return this.#channels.size === 0
  }

  /** The workers whose session has not been used. */
  get workers(): readonly KnownWorker[] {
    return [...this.#unused.values()]
  }

  /** Resolves when the main thread answers. */
  async ask(): Promise<void> {
    await this.#main.post('Runtime.getIsolateId')
  }

  get channels(): readonly WorkerChannel[] {
    return [...this.#channels.values()]
  }

  /** A channel to the worker; undefined if its session has been used, or it is not there. */
  take(thread: CapturedThread): WorkerChannel | undefined {
    const worker = this.#unused.get(thread.threadId)
    if (worker === undefined) return undefined
    this.#unused.delete(thread.threadId)
    this.#isFresh = false
    const { sessionId } = worker
    const channel = new WorkerChannel(thread, {
      send: (message) => this.#main.post('NodeWorker.sendMessageToWorker', { sessionId, message }),
      detach: () => this.#main.post('NodeWorker.detach', { sessionId }),
      closed: () => this.#closed(sessionId),
    })
    this.#channels.set(sessionId, channel)
    return channel
  }

  async close(): Promise<void> {
    for (const channel of this.#channels.values()) channel.ended()
    await this.#main.close()
  }

  #attached({ sessionId, workerInfo }: Attached): void {
    const [, id, name = ''] = TITLE.exec(workerInfo.title) ?? []
    if (id === undefined) return
    const threadId = Number(id)
    this.#unused.set(threadId, { threadId, name: name === UNNAMED ? '' : name, sessionId })
  }

  #detached({ sessionId }: { sessionId: string }): void {
    this.#channels.get(sessionId)?.ended()
    for (const [threadId, worker] of this.#unused) {
      if (worker.sessionId === sessionId) this.#unused.delete(threadId)
    }
  }

  #received({ sessionId, message }: { sessionId: string; message: string }): void {
    this.#channels.get(sessionId)?.receive(message)
  }

  #closed(sessionId: string): void {
    this.#channels.delete(sessionId)
    if (this.isIdle) this.#idle(this)
  }
}
