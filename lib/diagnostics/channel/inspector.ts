import { ThreadmeterError } from '../../errors.js'
import type { CapturedThread } from '../model.js'
import type { Channel } from './channel.js'
import { threadText } from './conversation.js'
import type { Lifecycle } from './lifecycle.js'
import { MainChannel, type MainOwner } from './main-channel.js'
import { type Origin, OWN_PROCESS } from './origin.js'
import { type HubOwner, type KnownWorker, WorkerHub } from './worker-hub.js'

// An exit waits for no more than 350 ms; closing takes some of it.
const PROCESS_ENDING_MS = 300

/**
 * The way to threads by the inspector of the main thread. Sessions are open only while channels or leases
 * are: with a debugging port open, Node waits at its exit until all sessions are closed.
 */
export class InspectorRoute {
  readonly #lifecycle: Lifecycle
  readonly origin: Origin
  readonly #mains = new Set<MainChannel>()
  readonly #hubs = new Set<WorkerHub>()
  #leases = 0
  #ended: Promise<void> | undefined

  constructor(lifecycle: Lifecycle, origin = OWN_PROCESS) {
    this.#lifecycle = lifecycle
    this.origin = origin
    lifecycle.onEnding(() => this.#end())
  }

  /** Keeps open what is open, until the returned function is called: one session serves a request. */
  lease(): () => void {
    this.#leases++
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#leases--
      for (const hub of this.#hubs) this.#closeIdle(hub)
    }
  }

  /** All workers, this thread among them. Waits for the main thread. Needs a lease. */
  async workers(): Promise<readonly KnownWorker[]> {
    const hub = [...this.#hubs].find((known) => known.isFresh) ?? this.#openHub()
    await hub.ready
    return hub.workers
  }

  /** Resolves when the main thread answers a command. Needs a lease. */
  async askMain(): Promise<void> {
    const [hub = this.#openHub()] = this.#hubs
    await hub.ask()
  }

  /**
   * A channel to a thread, which may not have answered yet. To a worker the way is through the main
   * thread: this waits for it. Throws ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE,
   * ERR_THREADMETER_PROCESS_ENDED, ERR_THREADMETER_THREAD_ENDED.
   *
   * @param isSaved whether a worker waits at its end until what was begun is taken: a process whose exit
   * tells nobody, such as one by `process.reallyExit()`, would wait for that worker for ever
   */
  async open(thread: CapturedThread, isSaved = false): Promise<Channel> {
    if (thread.role === 'main') {
      const owner: MainOwner = {
        exiting: () => this.#end(),
        closed: (channel) => this.#mains.delete(channel),
      }
      const main = new MainChannel(this.#lifecycle, owner, this.origin)
      this.#mains.add(main)
      return main
    }
    const release = this.lease()
    try {
      return await this.#take(thread, isSaved)
    } finally {
      release()
    }
  }

  async #take(thread: CapturedThread, isSaved: boolean): Promise<Channel> {
    for (const hub of this.#hubs) {
      await hub.ready
      const channel = hub.take(thread, isSaved)
      if (channel !== undefined) return channel
    }
    const hub = this.#openHub()
    await hub.ready
    const channel = hub.take(thread, isSaved)
    if (channel !== undefined) return channel
    throw new ThreadmeterError('ERR_THREADMETER_THREAD_ENDED', [threadText(thread)])
  }

  #openHub(): WorkerHub {
    const owner: HubOwner = {
      exiting: () => this.#end(),
      idle: (idle) => this.#closeIdle(idle),
      closing: (closing) => this.#hubs.delete(closing),
    }
    const hub = new WorkerHub(this.#lifecycle, owner, this.origin)
    this.#hubs.add(hub)
    return hub
  }

  #closeIdle(hub: WorkerHub): void {
    if (this.#leases === 0 && hub.isIdle) void hub.close()
  }

  /** The main thread exits: takes what there is, and closes all. */
  #end(): Promise<void> {
    this.#ended ??= this.#takeAndClose()
    return this.#ended
  }

  async #takeAndClose(): Promise<void> {
    const workers = [...this.#hubs].flatMap((hub) => hub.channels)
    await Promise.all(
      [...this.#mains, ...workers].map((channel) =>
        channel.announceEnding('process ended', PROCESS_ENDING_MS),
      ),
    )
    await Promise.all([...this.#mains, ...this.#hubs].map((open) => open.close()))
  }
}
