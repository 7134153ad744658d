import { constants } from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const SIGNALED = 128
const LEAVE_MS = 2000

/** The first signal ends a capture early, what there is is still written; the second one ends the program. */
export class Interruption {
  readonly #abort = new AbortController()
  readonly #onFirst: () => void
  readonly #leave: () => Promise<unknown>
  #isLeaving = false

  /** @param leave what is still done before the second signal ends the program, within a bound */
  constructor(onFirst: () => void, leave: () => Promise<unknown>) {
    this.#onFirst = onFirst
    this.#leave = leave
    for (const name of SIGNALS) process.on(name, this.#onSignal)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  close(): void {
    for (const name of SIGNALS) process.off(name, this.#onSignal)
  }

  #onSignal = (name: NodeJS.Signals): void => {
    const end = () => process.exit(SIGNALED + constants.signals[name])
    if (this.#isLeaving) end()
    if (this.#abort.signal.aborted) {
      this.#isLeaving = true
      setTimeout(end, LEAVE_MS)
      this.#leave().then(end, end)
      return
    }
    this.#onFirst()
    this.#abort.abort()
  }
}
