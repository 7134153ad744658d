import { ThreadmeterError } from '../../errors.js'

const MOST_WAITING = 128

interface Waiting {
  start(): void
}

/** Lets one request at a time go ahead on each lane, in the order of their arrival. */
export class Queues {
  readonly #lanes = new Map<string, Waiting[]>()
  /** By threadId: who writes a heap snapshot, and answers nothing meanwhile. */
  readonly writing = new Set<number>()

  /**
   * Resolves with how to leave when it is one's turn. Rejects with ERR_THREADMETER_BUSY when too many
   * wait, and with the reason of the signal.
   *
   * @param queued called with how many are before this one, when there are any
   */
  async enter(
    lane: string,
    what: string,
    signal: AbortSignal,
    queued: (ahead: number) => void,
  ): Promise<() => void> {
    signal.throwIfAborted()
    const waiting = this.#lanes.get(lane)
    if (waiting === undefined) {
      this.#lanes.set(lane, [])
      return this.#leaving(lane)
    }
    if (waiting.length >= MOST_WAITING) throw new ThreadmeterError('ERR_THREADMETER_BUSY', [what])
    queued(waiting.length + 1)
    await this.#turn(waiting, signal)
    return this.#leaving(lane)
  }

  /** However often it is called. */
  #leaving(lane: string): () => void {
    let hasLeft = false
    return () => {
      if (!hasLeft) this.#next(lane)
      hasLeft = true
    }
  }

  #turn(waiting: Waiting[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const entry = {
        start: () => {
          signal.removeEventListener('abort', leave)
          resolve()
        },
      }
      const leave = () => {
        waiting.splice(waiting.indexOf(entry), 1)
        reject(signal.reason)
      }
      signal.addEventListener('abort', leave, { once: true })
      waiting.push(entry)
    })
  }

  #next(lane: string): void {
    const next = this.#lanes.get(lane)?.shift()
    if (next === undefined) this.#lanes.delete(lane)
    else next.start()
  }
}
