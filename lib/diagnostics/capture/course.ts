import type { Channel, ChannelEnd } from '../channel/channel.js'
import type { CapturedThread, PartialReason } from '../model.js'
import type { CaptureSurroundings } from './details.js'

const PROGRESS_MS = 250

const REASONS: Readonly<Record<ChannelEnd, PartialReason>> = {
  'thread ended': 'thread ended',
  'process ended': 'process ended',
  disconnected: 'aborted',
}

/** What can cut the course of one capture short: whoever asked for it, or the end of the thread. */
export class Course {
  readonly #channel: Channel
  readonly #surroundings: CaptureSurroundings
  readonly #startedAt = performance.now()
  #isStarted = false
  #cutShort: PartialReason | null = null
  #wake = () => {}
  #finish = () => {}
  readonly #finished = new Promise<void>((resolve) => {
    this.#finish = resolve
  })
  readonly #onAbort = () => this.#cut('aborted')

  constructor(channel: Channel, surroundings: CaptureSurroundings) {
    this.#channel = channel
    this.#surroundings = surroundings
    channel.onEnding((end) => {
      this.#cut(REASONS[end])
      return this.#finished
    })
    surroundings.signal.addEventListener('abort', this.#onAbort)
    if (surroundings.signal.aborted) this.#onAbort()
  }

  /** Why there will be less than was asked for. */
  get cutShort(): PartialReason | null {
    return this.#cutShort
  }

  get thread(): CapturedThread {
    return this.#channel.thread
  }

  #cut(reason: PartialReason): void {
    this.#cutShort ??= reason
    this.#wake()
  }

  /** Throws what the request was aborted with. */
  throwIfAborted(): void {
    this.#surroundings.signal.throwIfAborted()
  }

  /** Whether there is anything yet that an end could cut short. */
  get isStarted(): boolean {
    return this.#isStarted
  }

  /** Says that the capture has begun. */
  started(seconds: number | null, expectedPauseSeconds: number | null): void {
    this.#isStarted = true
    const { thread } = this.#channel
    this.#surroundings.onProgress({ event: 'started', thread, seconds, expectedPauseSeconds })
  }

  /** Tells of the progress until the returned function is called. */
  tell(bytes: () => number | null = () => null): () => void {
    const timer = setInterval(() => {
      this.#surroundings.onProgress({
        event: 'progress',
        thread: this.#channel.thread,
        elapsedSeconds: (performance.now() - this.#startedAt) / 1000,
        bytes: bytes(),
      })
    }, PROGRESS_MS)
    return () => clearInterval(timer)
  }

  /** Waits until the time is over or the course is cut short. */
  async wait(ms: number): Promise<void> {
    if (this.#cutShort !== null) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = () => {}
  }

  /** Lets the thread go on with its end: nothing is asked of it any more. */
  finish(): void {
    this.#surroundings.signal.removeEventListener('abort', this.#onAbort)
    this.#finish()
  }
}
