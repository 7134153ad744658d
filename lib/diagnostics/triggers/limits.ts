import type { WatchedThread } from './looks.js'

const MOST_WORKERS = 4
const MS_PER_SECOND = 1000

interface Beginning {
  /** ms on the monotonic clock. */
  readonly at: number
  readonly isWorker: boolean
}

type Who = Pick<WatchedThread, 'uid' | 'threadId'>

/**
 * Which threads a trigger may capture: each once in `every` seconds, and of workers no more than four in
 * that time, for fifty of them may be in trouble at once. None of them holds back the main thread, which
 * is the one that everybody waits for.
 */
export class Limits {
  readonly #every: number
  readonly #begun = new Map<number, Beginning>()
  readonly #running = new Set<number>()

  /** @param every seconds */
  constructor(every: number) {
    this.#every = every * MS_PER_SECOND
  }

  allow({ uid, threadId }: Who, now: number): boolean {
    if (this.#isHeld(uid, now)) return false
    return threadId === 0 || this.#workers(now) < MOST_WORKERS
  }

  /** Who has not been captured for longest comes first. */
  order = (a: Who, b: Who): number => this.#lastOf(a) - this.#lastOf(b)

  begin({ uid, threadId }: Who, now: number): void {
    this.#begun.set(uid, { at: now, isWorker: threadId !== 0 })
    this.#running.add(uid)
  }

  end({ uid }: Who): void {
    this.#running.delete(uid)
  }

  /** It was no trouble. */
  takeBack(uid: number): void {
    this.#begun.delete(uid)
  }

  /** Forgets threads that are gone, as soon as they hold back none. */
  forget(isThere: (uid: number) => boolean, now: number): void {
    for (const uid of this.#begun.keys()) {
      if (!isThere(uid) && !this.#isHeld(uid, now)) this.#begun.delete(uid)
    }
  }

  #isHeld(uid: number, now: number): boolean {
    const at = this.#begun.get(uid)?.at ?? Number.NEGATIVE_INFINITY
    return this.#running.has(uid) || now - at < this.#every
  }

  #workers(now: number): number {
    return [...this.#begun].filter(([uid, { isWorker }]) => isWorker && this.#isHeld(uid, now))
      .length
  }

  #lastOf({ uid }: Who): number {
    // A difference of infinities would be no number.
    return this.#begun.get(uid)?.at ?? -1
  }
}
