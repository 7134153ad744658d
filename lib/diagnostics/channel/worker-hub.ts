import type { CapturedThread } from '../model.js'
import { withinMs } from './conversation.js'
import type { Lifecycle } from './lifecycle.js'
import { MainChannel } from './main-channel.js'
import { OWN_PROCESS } from './origin.js'
import { WorkerChannel, type WorkerLine } from './worker-channel.js'

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

const DISABLE_MS = 100

// What Node 24 and later call a worker without a name.
const UNNAMED = 'WorkerThread'

/** Who looks after the hub. */
export interface HubOwner {
  /** The main thread waits for its sessions to be closed, and exits. */
  exiting(): Promise<void>
  /** The last channel has closed. */
  idle(hub: WorkerHub): void
  /** Nothing more can be taken from it. */
  closing(hub: WorkerHub): void
}

/**
 * The sessions of all workers that one session of the main thread brings: each is used once, so that
 * no capture finds what another one enabled.
 */
export class WorkerHub {
  readonly #main: MainChannel
  readonly #unused = new Map<number, AttachedWorker>()
  readonly #channels = new Map<string, WorkerChannel>()
  readonly #owner: HubOwner
  readonly #lifecycle: Lifecycle
  #isClosed = false
  /** Resolves when all workers are known: when the main thread has answered. */
  readonly ready: Promise<unknown>
  #isFresh = true

  constructor(lifecycle: Lifecycle, owner: HubOwner, origin = OWN_PROCESS) {
    this.#owner = owner
    this.#lifecycle = lifecycle
    this.#main = new MainChannel(
      lifecycle,
      { exiting: () => owner.exiting(), closed: () => void this.close() },
      origin,
    )
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

  /**
   * A channel to the worker; undefined if its session has been used, or it is not there.
   *
   * @param isSaved whether the worker waits at its end until what was begun is taken
   */
  take(thread: CapturedThread, isSaved: boolean): WorkerChannel | undefined {
    const worker = this.#unused.get(thread.threadId)
    if (worker === undefined) return undefined
    this.#unused.delete(thread.threadId)
    this.#isFresh = false
    const { sessionId } = worker
    const release = isSaved ? this.#lifecycle.retain?.() : undefined
    const line: WorkerLine = {
      send: (message) => this.#main.post('NodeWorker.sendMessageToWorker', { sessionId, message }),
      detach: () => this.#main.post('NodeWorker.detach', { sessionId }),
      closed: () => {
        release?.()
        this.#closed(sessionId)
      },
    }
    const channel = new WorkerChannel(thread, line, this.#main.route)
    this.#channels.set(sessionId, channel)
    if (isSaved) channel.watchEnding()
    return channel
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#owner.closing(this)
    const disabled = this.#main.post('NodeWorker.disable')
    const used = [...this.#channels.keys()]
    const unused = [...this.#unused.values()].map(({ sessionId }) => sessionId)
    const detached = [...used, ...unused].map((sessionId) => this.#detach(sessionId))
    for (const channel of this.#channels.values()) channel.ended('process ended')
    // Answered, no worker waits at its end any more: an exit that goes on before would wait for it.
    await withinMs(DISABLE_MS, Promise.all([disabled, ...detached]))
    await this.#main.close()
  }

  /** One that is not detached stays in the worker, with all it takes, when the session here is closed. */
  async #detach(sessionId: string): Promise<void> {
    // Unless the worker has ended.
    await this.#main.post('NodeWorker.detach', { sessionId }).catch(() => {})
  }

  #attached({ sessionId, workerInfo }: Attached): void {
    const [, id, name = ''] = TITLE.exec(workerInfo.title) ?? []
    if (this.#isClosed) void this.#detach(sessionId)
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
    if (this.isIdle) this.#owner.idle(this)
  }
}
