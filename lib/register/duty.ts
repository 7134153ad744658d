import { join } from 'node:path'
import { OBSERVER_LOCK } from '../meter/cleaning.js'
import { tryLock } from '../meter/locks.js'
import type { Companion } from '../observer/companion.js'
import { isObservedByParent, removeMark, setMark } from '../observer/mark.js'
import type { ServerOptions } from '../observer/server.js'
import { Supervisor } from '../observer/supervisor.js'

const FIRST_DELAY_MS = 2000
const LAST_DELAY_MS = 60_000

/** Whether another observer holds the lock of the directory. */
function isLed(directory: string): boolean {
  try {
    const lock = tryLock(join(directory, OBSERVER_LOCK))
    lock?.release()
    return lock === undefined
  } catch {
    // No directory, nobody who leads in it.
    return false
  }
}

/**
 * Lets one of the processes that share a runtime directory observe it: where none does, this one. The
 * others look from time to time whether it is still so, so that one of them takes over.
 */
export class Duty {
  readonly #directory: string | undefined
  readonly #server: ServerOptions
  readonly #warn: (error: unknown) => void
  #companion: Companion | undefined
  #delay = FIRST_DELAY_MS

  /**
   * @param warn called with why this process cannot observe, each time that it has tried to
   * @param companion lives in the observer's thread, if this process observes from the start
   */
  constructor(
    directory: string | undefined,
    server: ServerOptions,
    warn: (error: unknown) => void,
    companion?: Companion,
  ) {
    this.#directory = directory
    this.#server = server
    this.#warn = warn
    this.#companion = companion
  }

  /** Observes if nobody else does. Never throws, never keeps the process alive. */
  consider(): void {
    // It needs its thread now, and has it for good then.
    const companion = this.#companion
    this.#companion = undefined
    if (this.#isTaken()) {
      companion?.leave()
      this.#later(FIRST_DELAY_MS)
    } else {
      this.#observe(companion)
    }
  }

  #isTaken(): boolean {
    if (isObservedByParent(this.#directory ?? '')) return true
    return this.#directory !== undefined && isLed(this.#directory)
  }

  #observe(companion: Companion | undefined): void {
    const mark = this.#directory ?? ''
    // Before it listens: children may be started in this very turn.
    setMark(mark)
    new Supervisor(this.#directory, this.#server, companion).start(false).catch((error) => {
      removeMark(mark)
      // Two may have begun at once, or an earlier process still be there.
      if (!this.#isTaken()) this.#warn(error)
      this.#later(this.#delay)
      this.#delay = Math.min(this.#delay * 2, LAST_DELAY_MS)
    })
  }

  #later(delay: number): void {
    setTimeout(() => this.consider(), delay).unref()
  }
}
