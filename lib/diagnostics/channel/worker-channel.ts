import { ThreadmeterError } from '../../errors.js'
import type { CapturedThread, CaptureRoute } from '../model.js'
import { type Answer, Conversation, threadText, withinMs } from './conversation.js'

// A worker does not end before this is over, when what was begun cannot be taken from it.
const ENDING_MS = 2000

const DETACH_MS = 1000

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

/** How messages of a worker's session travel: over the session of the main thread. */
export interface WorkerLine {
  /** Rejects when there is no such worker any more. */
  send(message: string): Promise<unknown>
  /** Ends the session: the worker is free to end. */
  detach(): Promise<unknown>
  closed(): void
}

/** The inspector of a worker, nested or not. */
export class WorkerChannel extends Conversation {
  readonly route: CaptureRoute
  readonly #line: WorkerLine
  readonly #answers = new Map<number, Answer>()
  #lastId = 0
  #isOver = false

  constructor(thread: CapturedThread, line: WorkerLine, route: CaptureRoute = 'inspector') {
    super(thread)
    this.route = route
    this.#line = line
  }

  /** Lets the worker wait at its end, until what was begun is taken. */
  watchEnding(): void {
    this.on('NodeRuntime.waitingForDisconnect', () => {
      void this.announceEnding('thread ended', ENDING_MS).then(() => this.close())
    })
    // Not waited for: a thread in a native call answers late.
    this.post('NodeRuntime.notifyWhenWaitingForDisconnect', { enabled: true }).catch(() => {})
  }

  protected send(method: string, params: object | undefined, answer: Answer): void {
    const id = ++this.#lastId
    this.#answers.set(id, answer)
    this.#line.send(JSON.stringify({ id, method, params })).catch(() => this.ended())
  }

  /** What came from the worker. */
  receive(text: string): void {
    const { id, method, params, result, error } = JSON.parse(text) as Message
    if (id === undefined) {
      this.emit(method as string, params)
      return
    }
    const answer = this.#answers.get(id)
    this.#answers.delete(id)
    answer?.(error && Object.assign(new Error(error.message), { code: error.code }), result)
  }

  /** The worker is gone, alone or with its process. */
  ended(end: 'thread ended' | 'process ended' = 'thread ended'): void {
    const isNews = !this.#isOver
    this.#isOver = true
    this.finish(this.#errorOf(end))
    // Who waits for the end hears of it, though there is nothing left to take.
    void this.announceEnding(end, ENDING_MS)
    if (isNews) this.#line.closed()
  }

  async close(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    this.finish(this.#errorOf('thread ended'))
    await withinMs(DETACH_MS, this.#line.detach())
    this.#line.closed()
  }

  #errorOf(end: 'thread ended' | 'process ended'): ThreadmeterError {
    return end === 'thread ended'
      ? new ThreadmeterError('ERR_THREADMETER_THREAD_ENDED', [threadText(this.thread)])
      : new ThreadmeterError('ERR_THREADMETER_PROCESS_ENDED', [String(this.thread.pid)])
  }
}
