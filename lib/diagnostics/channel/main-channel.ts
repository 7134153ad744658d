import { ThreadmeterError } from '../../errors.js'
import type { CaptureRoute } from '../model.js'
import { type Answer, Conversation } from './conversation.js'
import type { Lifecycle } from './lifecycle.js'
import { type MainSession, OWN_PROCESS } from './origin.js'

// What was begun ends at once: nothing can be asked any more.
const LOST_MS = 1000

interface Notification {
  readonly method: string
  readonly params: unknown
}

/** Who looks after the channel. */
export interface MainOwner {
  /** The main thread waits for its sessions to be closed, and exits. */
  exiting(): Promise<void>
  closed(channel: MainChannel): void
}

/**
 * The inspector of the main thread. A session of its own for each channel: what a capture leaves enabled
 * ends with it. Throws ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE, ERR_THREADMETER_PROCESS_ENDED.
 */
export class MainChannel extends Conversation {
  readonly route: CaptureRoute
  readonly #session: MainSession
  readonly #release: () => void
  readonly #owner: MainOwner
  #isClosed = false

  constructor(lifecycle: Lifecycle, owner: MainOwner, origin = OWN_PROCESS) {
    super(origin.main)
    this.route = origin.route
    this.#release = lifecycle.hold()
    this.#owner = owner
    try {
      this.#session = origin.openSession()
    } catch (error) {
      this.#release()
      throw error
    }
    this.#session.on('inspectorNotification', (message) => {
      const { method, params } = message as Notification
      this.emit(method, params)
    })
    this.#session.onLost?.((error) => this.#lost(error))
    this.#watchExit()
  }

  /** The other side has ended the session: there is nothing left to take. */
  #lost(error: Error): void {
    this.finish(error)
    void this.announceEnding('process ended', LOST_MS)
    void this.close()
  }

  /**
   * An exit of which nobody was told, by process.reallyExit() say, waits for its sessions where a debugging
   * port is open, and for workers that wait for theirs: for ever, if they stayed.
   */
  #watchExit(): void {
    this.on('NodeRuntime.waitingForDisconnect', async () => {
      await this.#owner.exiting()
      await this.close()
    })
    this.post('NodeRuntime.notifyWhenWaitingForDisconnect', { enabled: true }).catch(() => {})
  }

  protected send(method: string, params: object | undefined, answer: Answer): void {
    this.#session.post(method, params, answer)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.finish(new ThreadmeterError('ERR_THREADMETER_PROCESS_ENDED', [String(this.thread.pid)]))
    this.#session.disconnect()
    this.#release()
    this.#owner.closed(this)
  }
}
