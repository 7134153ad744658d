import { constants } from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const SIGNALED = 128
const LEAVE_MS = 2000
// timeout(1) sends a signal to the program and to its process group: that is one signal, come twice.
const TWICE_MS = 50

/** The first signal ends a capture early, what there is is still written; the second one ends the program. */
export class Interruption {
  readonly #abort = new AbortController()
  readonly #onFirst: () => void
  readonly #leave: () => Promise<unknown>
  #exitCode = 0
  #isLeaving = false
  #toldAt = Number.NEGATIVE_INFINITY

  /** @param leave what is still done before the second signal ends the program, within a bound */
  constructor(onFirst: () => void, leave: () => Promise<unknown>) {
    this.#onFirst = onFirst
    this.#leave = leave
    for (const name of SIGNALS) process.on(name, this.#onSignal)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** That of a program which a signal has ended; 0 before one has come. */
  get exitCode(): number {
    return this.#exitCode
  }

  close(): void {
    for (const name of SIGNALS) process.off(name, this.#onSignal)
  }

  #onSignal = (name: NodeJS.Signals): void => {
    if (performance.now() - this.#toldAt < TWICE_MS) return
    this.#toldAt = performance.now()
    this.#exitCode = SIGNALED + constants.signals[name]
    const end = () => process.exit(this.#exitCode)
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
