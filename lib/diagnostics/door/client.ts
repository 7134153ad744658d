import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { CaptureRequest, DiagnosticThread } from '../model.js'
import type { CaptureSource, ReceivedCapture, ReceiveOptions } from '../source.js'
import { explain } from './client-error.js'
import { isAbortError, reviveError } from './door-error.js'
import { EndingEarly } from './ending-early.js'
import { ask, textOf } from './exchange.js'
import { FrameReader } from './frame-reader.js'
import { type DoorError, type DoorEvent, type DoorInfo, EVENTS_TYPE } from './protocol.js'
import { writeCapture } from './query.js'

const OK = 200

/** The error that an answer other than 200 brings. */
async function errorIn(response: IncomingMessage): Promise<Error> {
  const { error } = JSON.parse(await textOf(response)) as { error?: DoorError }
  if (typeof error?.code === 'string') return reviveError(error)
  throw new SyntaxError(`status ${response.statusCode}`)
}

type ResultEvent = Extract<DoorEvent, { event: 'result' }>

/** Threads of another process, or of this one, by way of its socket. */
export class DoorClient implements CaptureSource {
  readonly #path: string
  readonly #running = new Set<AbortController>()

  constructor(path: string) {
    this.#path = path
  }

  async #json<Result>(path: string): Promise<Result> {
    try {
      const response = await ask(this.#path, { path })
      if (response.statusCode !== OK) throw await errorIn(response)
      return JSON.parse(await textOf(response)) as Result
    } catch (error) {
      throw explain(this.#path, error)
    }
  }

  info(): Promise<DoorInfo> {
    return this.#json('/v1')
  }

  async threads(): Promise<readonly DiagnosticThread[]> {
    const { threads } = await this.#json<{ threads: readonly DiagnosticThread[] }>('/v1/threads')
    return threads
  }

  async *capture(
    request: CaptureRequest,
    { signal, onProgress }: ReceiveOptions = {},
  ): AsyncGenerator<ReceivedCapture> {
    signal?.throwIfAborted()
    const id = randomUUID()
    const hangUp = new AbortController()
    const ending = new EndingEarly(signal, hangUp, () => this.#endEarly(id))
    this.#running.add(hangUp)
    try {
      const response = await this.#begin(writeCapture(request, id), hangUp.signal)
      ending.begin()
      const frames = new FrameReader(ending.watch(response))
      yield* this.#received(frames, {
        ...(signal && { signal }),
        ...(onProgress && { onProgress }),
      })
    } catch (error) {
      throw this.#reasonOf(error, signal, hangUp.signal)
    } finally {
      ending.close()
      this.#running.delete(hangUp)
      hangUp.abort()
    }
  }

  /** Whoever ended a request is told so by the reason that it gave. */
  #reasonOf(error: unknown, signal: AbortSignal | undefined, hungUp: AbortSignal): unknown {
    if (signal?.aborted && (hungUp.aborted || isAbortError(error))) return signal.reason
    return hungUp.aborted ? hungUp.reason : explain(this.#path, error)
  }

  async #begin(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const headers = { accept: EVENTS_TYPE }
    const response = await ask(this.#path, { path, method: 'POST', headers, signal })
    if (response.statusCode !== OK) throw await errorIn(response)
    if (response.headers['content-type'] === EVENTS_TYPE) return response
    throw new SyntaxError(`an answer of type ${response.headers['content-type']}`)
  }

  /** Over by then, or gone: whatever comes of it, the answer itself says so. */
  #endEarly(id: string): void {
    const asked = { path: `/v1/requests/${id}`, method: 'DELETE' } as const
    ask(this.#path, asked).then(
      (response) => response.resume(),
      () => {},
    )
  }

  async *#received(
    frames: FrameReader,
    { signal, onProgress }: ReceiveOptions,
  ): AsyncGenerator<ReceivedCapture> {
    for (;;) {
      const event = await frames.event()
      if (event.event === 'result') yield* this.#result(event, frames)
      else if (event.event === 'failed') {
        const error = reviveError(event.error)
        const isAborted = signal?.aborted && isAbortError(error)
        yield { thread: event.thread, error: isAborted ? signal.reason : error }
      } else if (event.event !== 'end') onProgress?.(event)
      else if (event.error === undefined) return
      else throw reviveError(event.error)
    }
  }

  async *#result(
    { thread, bytes, details }: ResultEvent,
    frames: FrameReader,
  ): AsyncGenerator<ReceivedCapture> {
    const body = Readable.from(this.#explained(frames.body()), { objectMode: false })
    // Whoever reads it is told; nobody has to.
    body.on('error', () => {})
    yield { thread, bytes, body, ...(details === undefined ? {} : { details }) }
    if (body.readableEnded) return
    body.destroy()
    await finished(body).catch(() => {})
  }

  async *#explained(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    try {
      yield* chunks
    } catch (error) {
      throw explain(this.#path, error)
    }
  }

  /** Hangs up on what runs, which then fails with `reason`. */
  async close(reason?: unknown): Promise<void> {
    for (const controller of this.#running) controller.abort(reason)
  }
}
