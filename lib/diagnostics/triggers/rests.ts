import type { KernelView, StackReport } from '../model.js'

// Beyond these, places count as known: a ring has to have room for what is not a rest.
const MOST = 10

// To tell its stack it runs for a moment, longest the first time. A thread that collects garbage sleeps for
// moments as well, and runs for the rest.
const RESTING_CPU = 0.5

/** `known`: a thread was found resting there before. Null: it does not rest. */
export type Rest = 'new' | 'known' | null

/**
 * Where workers were found in `Atomics.wait()`. Those of some pools rest in it, each time that they have
 * nothing to do: one look at such a place says all that there is to say. No main thread rests in it.
 */
export class Rests {
  readonly #known = new Set<string>()

  look({ frames: [innermost], kernel, thread }: StackReport): Rest {
    if (innermost === undefined || thread.role === 'main' || !isWaiting(kernel)) return null
    const { url, lineNumber, columnNumber } = innermost
    const place = `${url}:${lineNumber}:${columnNumber}`
    if (this.#known.has(place) || this.#known.size >= MOST) return 'known'
    this.#known.add(place)
    return 'new'
  }
}

/** `Atomics.wait()` is no function of a stack: its caller is innermost, and sleeps, futex(2). */
function isWaiting({ state, syscall, wchan, cpu }: KernelView): boolean {
  const inFutex = syscall === 'futex' || wchan?.startsWith('futex') === true
  return state === 'S' && inFutex && cpu !== null && cpu < RESTING_CPU
}
