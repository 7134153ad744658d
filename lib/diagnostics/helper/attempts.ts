import { setTimeout as sleep } from 'node:timers/promises'
import { isEndOfThread } from '../capture/ending.js'
import type { Channel } from '../channel/channel.js'
import { wasTerminated } from '../channel/interrupt-channel.js'

// Needs no JavaScript to be run in the thread.
const TRIVIAL = 'Runtime.getIsolateId'

// So often a question may hit the end of what it interrupts, as the time-out of a script.
const MOST_TERMINATIONS = 20
const AGAIN_MS = 5

/**
 * Resolves when the thread answers.
 *
 * @param reached called when an answer shows that the thread is reached, though it was lost
 */
export async function ask(channel: Channel, reached = () => {}): Promise<void> {
  for (let i = 1; ; i++) {
    try {
      await channel.post(TRIVIAL)
      return
    } catch (error) {
      if (i === MOST_TERMINATIONS || !wasTerminated(error)) throw error
      reached()
      await sleep(AGAIN_MS)
    }
  }
}

/** Several ways to one thread, tried side by side: the one that answers first is taken. */
export class Attempts {
  /** The channel that has answered; rejects when all ways have failed, with why the first one has. */
  readonly first: Promise<Channel>
  hasAnswered = false
  #isReached = false
  #isAbandoned = false
  readonly #ways: number
  #failures: unknown[] = []
  #resolve: (channel: Channel) => void = () => {}
  #reject: (error: unknown) => void = () => {}

  /** @param ways how many there are: all have to fail */
  constructor(ways: number) {
    this.#ways = ways
    this.first = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.first.catch(() => {})
  }

  /**
   * @param graceMs how long the others are preferred, once this one has answered
   * @param onFailure called when it has failed and others may not
   */
  add(opening: Promise<Channel>, graceMs = 0, onFailure = () => {}): void {
    opening
      .then((channel) => this.#ask(channel, graceMs))
      .catch((error) => {
        this.#failures.push(error)
        if (isEndOfThread(error) || wasTerminated(error)) this.#fail(error)
        else if (this.#failures.length === this.#ways) this.#fail(this.#failures[0])
        else onFailure()
      })
  }

  #fail(error: unknown): void {
    this.#reject(error)
    this.abandon()
  }

  /** Closes what was opened, and what will be. */
  abandon(): void {
    this.#isAbandoned = true
    for (const channel of this.#open) void channel.close()
  }

  readonly #open = new Set<Channel>()

  async #ask(channel: Channel, graceMs: number): Promise<void> {
    this.#open.add(channel)
    try {
      this.#checkNeed()
      await ask(channel, () => {
        this.#isReached = true
      })
      if (graceMs > 0 && this.#failures.length < this.#ways - 1) await this.#leaveToOther(graceMs)
      this.#checkNeed()
    } catch (error) {
      void channel.close()
      throw error
    } finally {
      this.#open.delete(channel)
    }
    this.hasAnswered = true
    this.abandon()
    this.#resolve(channel)
  }

  /** As long as the other way has no answer; for good when it reaches the thread. */
  async #leaveToOther(graceMs: number): Promise<void> {
    await sleep(graceMs)
    if (this.#isReached) throw new Error('the thread is reached another way')
  }

  #checkNeed(): void {
    if (this.#isAbandoned || this.hasAnswered) throw new Error('it is not needed any more')
  }
}
