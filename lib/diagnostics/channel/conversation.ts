import { messageOf } from '../../capability.js'
import { ThreadmeterError } from '../../errors.js'
import type { CapturedThread, CaptureRoute } from '../model.js'
import type { Channel, ChannelEnd } from './channel.js'

export type Answer = (error: unknown, result?: unknown) => void

type Listener = (params: never) => void

/** A name by which people know a thread. */
export const threadText = ({ role, threadId, name }: CapturedThread): string =>
  role === 'main' ? 'main' : `worker ${threadId} (${name})`

/** What every channel has, whatever its messages travel over: what waits, who listens, and its end. */
export abstract class Conversation implements Channel {
  abstract readonly route: CaptureRoute
  readonly thread: CapturedThread
  readonly #waiting = new Set<(error: unknown) => void>()
  readonly #listeners = new Map<string, Set<Listener>>()
  #endings: ((end: ChannelEnd) => Promise<void>)[] = []
  #ending: Promise<void> | undefined
  #error: unknown

  constructor(thread: CapturedThread) {
    this.thread = thread
  }

  /** Hands a command on; `answer` may come never. */
  protected abstract send(method: string, params: object | undefined, answer: Answer): void

  abstract close(): Promise<void>

  post<Result = unknown>(method: string, params?: object): Promise<Result> {
    if (this.#error !== undefined) return Promise.reject(this.#error)
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.add(reject)
      this.send(method, params, (error, result) => {
        this.#waiting.delete(reject)
        if (error) reject(error)
        else resolve(result as Result)
      })
    })
  }

  on(method: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(method) ?? new Set()
    this.#listeners.set(method, listeners.add(listener))
    return () => void listeners.delete(listener)
  }

  onEnding(listener: (end: ChannelEnd) => Promise<void>): void {
    this.#endings.push(listener)
  }

  /** Nobody else hears what a listener throws, of a full disk say: what waits fails with it. */
  protected emit(method: string, params: unknown): void {
    try {
      for (const listener of this.#listeners.get(method) ?? []) listener(params as never)
    } catch (error) {
      const details = [method, messageOf(error)]
      this.finish(new ThreadmeterError('ERR_THREADMETER_CAPTURE_FAILED', details, error))
    }
  }

  /** Tells that the end is near and waits until all is taken, but no longer than `boundMs`. */
  announceEnding(end: ChannelEnd, boundMs: number): Promise<void> {
    this.#ending ??= withinMs(boundMs, this.#tell(end))
    return this.#ending
  }

  /** Nothing is sent or heard any more; what waits fails with the error. */
  protected finish(error: unknown): void {
    if (this.#error !== undefined) return
    this.#error = error
    for (const reject of this.#waiting) reject(error)
    this.#waiting.clear()
    this.#listeners.clear()
  }

  async #tell(end: ChannelEnd): Promise<void> {
    const endings = this.#endings
    this.#endings = []
    await Promise.allSettled(endings.map(async (listener) => listener(end)))
  }
}

/** Resolves as soon as the work has settled or the time is over. */
export function withinMs(ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    work.then(done, done)
  })
}
