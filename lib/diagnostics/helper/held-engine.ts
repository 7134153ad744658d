import type { CaptureContext, CaptureOutcome, Engine } from '../engine.js'
import type { CaptureRequest, DiagnosticThread } from '../model.js'
import type { HelperLife } from './lifecycle.js'

/** Holds an exit of the process, within its bound, until what was captured has been handed on. */
export class HeldEngine implements Engine {
  readonly #engine: Engine
  readonly #life: HelperLife
  #running = 0
  #whenIdle: (() => void)[] = []

  constructor(engine: Engine, life: HelperLife) {
    this.#engine = engine
    this.#life = life
  }

  threads(): Promise<readonly DiagnosticThread[]> {
    return this.#engine.threads()
  }

  async *capture(request: CaptureRequest, context: CaptureContext): AsyncIterable<CaptureOutcome> {
    const release = this.#life.hold()
    this.#running++
    try {
      yield* this.#engine.capture(request, context)
    } finally {
      this.#running--
      release()
      if (this.#running === 0) for (const resolve of this.#whenIdle.splice(0)) resolve()
    }
  }

  /** Resolves when nothing is captured or handed on. */
  idle(): Promise<void> {
    return this.#running === 0
      ? Promise.resolve()
      : new Promise((resolve) => this.#whenIdle.push(resolve))
  }
}
