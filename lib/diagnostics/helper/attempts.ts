import type { Channel } from '../channel/channel.js'

// Needs no JavaScript to be run in the thread.
const TRIVIAL = 'Runtime.getIsolateId'

/** Several ways to one thread, tried side by side: the one that answers first is taken. */
export class Attempts {
  /** The channel that has answered; rejects when all ways have failed, with why the first one has. */
  readonly first: Promise<Channel>
  hasAnswered = false
  #isAbandoned = false
  #tried = 0
  #failures: unknown[] = []
  #resolve: (channel: Channel) => void = () => {}
  #reject: (error: unknown) => void = () => {}

  constructor() {
    this.first = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.first.catch(() => {})
  }

  add(opening: Promise<Channel>): void {
    this.#tried++
    opening
      .then((channel) => this.#ask(channel))
      .catch((error) => {
        this.#failures.push(error)
        if (this.#failures.length === this.#tried) this.#reject(this.#failures[0])
      })
  }

  /** Closes what was opened, and what will be. */
  abandon(): void {
    this.#isAbandoned = true
    for (const channel of this.#open) void channel.close()
  }

  readonly #open = new Set<Channel>()

  async #ask(channel: Channel): Promise<void> {
    this.#open.add(channel)
    try {
      if (this.#isAbandoned || this.hasAnswered) throw new Error('it is not needed any more')
      await channel.post(TRIVIAL)
      if (this.#isAbandoned || this.hasAnswered) throw new Error('it is not needed any more')
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
}
