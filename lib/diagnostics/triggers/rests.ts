import type { KernelView, StackReport } from '../model.js'

const MOST = 100

// To tell its stack it runs for a moment, longest the first time. A thread that collects garbage sleeps for
// moments as well, and runs for the rest.
const RESTING_CPU = 0.5

/**
 * Where threads were found in `Atomics.wait()`. The workers of some pools rest in it, each time that they
 * have nothing to do: one look at such a place says all that there is to say.
 */
export class Rests {
  readonly #known = new Set<string>()

  /** Whether it waits where it, or another thread, was found waiting before. */
  isKnown({ frames: [innermost], kernel }: StackReport): boolean {
    if (innermost === undefined || !isWaiting(kernel)) return false
    const { url, lineNumber, columnNumber } = innermost
    const place = `${url}:${lineNumber}:${columnNumber}`
    if (this.#known.has(place)) return true
    if (this.#known.size < MOST) this.#known.add(place)
    return false
  }
}

/** `Atomics.wait()` is no function of a stack: its caller is innermost, and sleeps, futex(2). */
function isWaiting({ state, syscall, wchan, cpu }: KernelView): boolean {
  const inFutex = syscall === 'futex' || wchan?.startsWith('futex') === true
  return state === 'S' && inFutex && cpu !== null && cpu < RESTING_CPU
}
