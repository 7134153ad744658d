import { monitorEventLoopDelay } from 'node:perf_hooks'

/** The longest that the event loop of this thread stood still, second by second. */
export class LoopWatch {
  #delay = monitorEventLoopDelay({ resolution: 1 })
  #timer
  #longest = []

  start(windowMs) {
    this.#longest = []
    this.#delay.reset()
    this.#delay.enable()
    this.#timer = setInterval(() => this.#close(), windowMs)
  }

  #close() {
    this.#longest.push(this.#delay.max / 1e6)
    this.#delay.reset()
  }

  /** Milliseconds, one figure per window. */
  stop() {
    clearInterval(this.#timer)
    this.#delay.disable()
    return this.#longest
  }
}
