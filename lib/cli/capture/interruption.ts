import { constants } from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const SIGNALED = 128

/** The first signal ends a capture early, what there is is still written; the second one ends the program. */
export class Interruption {
  readonly #abort = new AbortController()
  readonly #onFirst: () => void

  constructor(onFirst: () => void) {
    this.#onFirst = onFirst
    for (const name of SIGNALS) process.on(name, this.#onSignal)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  close(): void {
    for (const name of SIGNALS) process.off(name, this.#onSignal)
  }

  #onSignal = (name: NodeJS.Signals): void => {
    if (this.#abort.signal.aborted) process.exit(SIGNALED + constants.signals[name])
    this.#onFirst()
    this.#abort.abort()
  }
}
