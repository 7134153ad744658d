import type { Session } from 'node:inspector'
import { ThreadmeterError } from '../../errors.js'
import { type Answer, Conversation } from './conversation.js'
import type { Lifecycle } from './lifecycle.js'
import { openMainSession } from './main-session.js'
import { MAIN_THREAD } from './main-thread.js'

interface Notification {
  readonly method: string
  readonly params: unknown
}

/**
 * The inspector of the main thread. A session of its own for each channel: what a capture leaves enabled
 * ends with it. Throws ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE, ERR_THREADMETER_PROCESS_ENDED.
 */
export class MainChannel extends Conversation {
  readonly route = 'inspector'
  readonly #session: Session
  readonly #release: () => void
  readonly #closed: (channel: MainChannel) => void
  #isClosed = false

  constructor(lifecycle: Lifecycle, closed: (channel: MainChannel) => void) {
    super(MAIN_THREAD)
    this.#release = lifecycle.hold()
    this.#closed = closed
    try {
      this.#session = openMainSession()
    } catch (error) {
      this.#release()
      throw error
    }
    this.#session.on('inspectorNotification', (message) => {
      const { method, params } = message as Notification
      this.emit(method, params)
    })
  }

  protected send(method: string, params: object | undefined, answer: Answer): void {
    this.#session.post(method, params, answer)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.finish(new ThreadmeterError('ERR_THREADMETER_PROCESS_ENDED', [String(process.pid)]))
    this.#session.disconnect()
    this.#release()
    this.#closed(this)
  }
}
