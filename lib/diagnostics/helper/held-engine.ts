import type { CaptureContext, CaptureOutcome, Engine } from '../engine.js'
import type { CaptureRequest, DiagnosticThread } from '../model.js'
import type { HelperLife } from './lifecycle.js'

/** Lets an exit of the process wait, within its bound, for what is captured. */
export class HeldEngine implements Engine {
  readonly #engine: Engine
  readonly #life: HelperLife

  constructor(engine: Engine, life: HelperLife) {
    this.#engine = engine
    this.#life = life
  }

  threads(): Promise<readonly DiagnosticThread[]> {
    return this.#engine.threads()
  }

  async *capture(request: CaptureRequest, context: CaptureContext): AsyncIterable<CaptureOutcome> {
    const release = this.#life.hold()
    try {
      yield* this.#engine.capture(request, context)
    } finally {
      release()
    }
  }
}
