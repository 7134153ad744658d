import type { IncomingMessage } from 'node:http'

// A profile is put together by its thread, which may take a while; a process may also be stopped.
const GRACE_MS = 10_000

/**
 * Ends a request early for a caller that aborts: the other side is asked to, and what there is still
 * comes. Where nothing does, it is hung up on.
 */
export class EndingEarly {
  readonly #signal: AbortSignal | undefined
  readonly #hangUp: AbortController
  readonly #end: () => void
  #hasBegun = false
  #grace: NodeJS.Timeout | undefined

  constructor(signal: AbortSignal | undefined, hangUp: AbortController, end: () => void) {
    this.#signal = signal
    this.#hangUp = hangUp
    this.#end = end
    signal?.addEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = (): void => {
    // The other side does not know the request before it has begun to answer.
    if (this.#hasBegun) this.#end()
    this.#watch()
  }

  #watch(): void {
    clearTimeout(this.#grace)
    this.#grace = setTimeout(() => this.#hangUp.abort(), GRACE_MS)
  }

  /** The answer has begun. */
  begin(): void {
    this.#hasBegun = true
    if (this.#signal?.aborted) this.#end()
  }

  /** The chunks of the answer. Time that the caller takes for them is not counted. */
  async *watch(response: IncomingMessage): AsyncGenerator<Buffer> {
    for await (const chunk of response) {
      clearTimeout(this.#grace)
      yield chunk as Buffer
      if (this.#signal?.aborted) this.#watch()
    }
  }

  close(): void {
    clearTimeout(this.#grace)
    this.#signal?.removeEventListener('abort', this.#onAbort)
  }
}
