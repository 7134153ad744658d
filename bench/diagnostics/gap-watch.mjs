import { cheapNowMs } from './clock.mjs'

const EVERY_MS = 1
const SHORTEST_MS = 0.02
const LOOKS_AT_ONCE = 1000

/** Notes for how long this thread did not get to its own JavaScript, and when. */
export class GapWatch {
  #gaps = []
  #last
  #timer

  #look(shortest) {
    const now = cheapNowMs()
    const length = now - this.#last
    if (length > shortest) this.#gaps.push([this.#last, length])
    this.#last = now
  }

  /** By a timer, beside whatever else the event loop does. */
  start() {
    this.#gaps = []
    this.#last = cheapNowMs()
    this.#timer = setInterval(() => this.#look(EVERY_MS / 2), EVERY_MS)
  }

  /** In a loop that never returns to the event loop, until `flag` is set. */
  spin(flag, limitMs) {
    this.#gaps = []
    this.#last = cheapNowMs()
    const end = this.#last + limitMs
    while (this.#last < end && Atomics.load(flag, 0) === 0) {
      for (let i = 0; i < LOOKS_AT_ONCE; i++) this.#look(SHORTEST_MS)
    }
  }

  /** `[from, length]` of each gap, in ms. */
  stop() {
    clearInterval(this.#timer)
    return this.#gaps
  }
}

/** The longest of the gaps that overlap a time; 0 without any. */
export const longestGap = (gaps, from, to) =>
  gaps.reduce(
    (longest, [at, length]) =>
      at < to && at + length > from ? Math.max(longest, length) : longest,
    0,
  )
