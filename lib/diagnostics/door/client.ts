import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ThreadmeterError } from '../../errors.js'
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

// For what is known at once: a process that is stopped would never say it.
const KNOWN_WITHIN_S = 10

/** The error that an answer other than 200 brings. */
async function errorIn(response: IncomingMessage): Promise<Error> {
  const { error } = JSON.parse(await textOf(response)) as { error?: DoorError }
  if (typeof error?.code === 'string') return reviveError(error)
  throw new SyntaxError(`status ${response.statusCode}`)
}

type ResultEvent = Extract<DoorEvent, { event: 'result' }>

/** What the caller is told of an error. */
type ReasonOf = (error: unknown) => Promise<unknown>

async function* explained(
  chunks: AsyncIterable<Buffer>,
  reasonOf: ReasonOf,
): AsyncGenerator<Buffer> {
  try {
    yield* chunks
  } catch (error) {
    throw await reasonOf(error)
  }
}

/** Threads of another process, or of this one, by way of its socket. */
export class DoorClient implements CaptureSource {
  readonly #path: string
  readonly #running = new Set<AbortController>()

  constructor(path: string) {
    this.#path = path
  }

  async #json<Result>(path: string): Promise<Result> {
    const hangUp = new AbortController()
    const what = [`${path} of ${this.#path}`, String(KNOWN_WITHIN_S)]
    const late = setTimeout(
      () => hangUp.abort(new ThreadmeterError('ERR_THREADMETER_TIMEOUT', what)),
      KNOWN_WITHIN_S * 1000,
    )
    this.#running.add(hangUp)
    try {
      const response = await ask(this.#path, { path, signal: hangUp.signal })
      if (response.statusCode !== OK) throw await errorIn(response)
      return JSON.parse(await textOf(response)) as Result
    } catch (error) {
      throw await this.#reasonOf(error, undefined, hangUp.signal)
    } finally {
      clearTimeout(late)
      this.#running.delete(hangUp)
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
    const reasonOf = (error: unknown) => this.#reasonOf(error, signal, hangUp.signal)
    const ending = new EndingEarly(signal, hangUp, () => this.#endEarly(id, hangUp.signal))
    this.#running.add(hangUp)
    try {
      const response = await this.#begin(writeCapture(request, id), hangUp.signal)
      ending.begin()
      const frames = new FrameReader(ending.watch(response))
      yield* this.#received(frames, {
        ...(signal && { signal }),
        ...(onProgress && { onProgress }),
        reasonOf,
      })
    } catch (error) {
      throw await reasonOf(error)
    } finally {
      ending.close()
      this.#running.delete(hangUp)
      hangUp.abort()
    }
  }

  /** Whoever ended a request is told so by the reason that it gave. */
  async #reasonOf(
    error: unknown,
    signal: AbortSignal | undefined,
    hungUp: AbortSignal,
  ): Promise<unknown> {
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
  #endEarly(id: string, signal: AbortSignal): void {
    const asked = { path: `/v1/requests/${id}`, method: 'DELETE', signal } as const
    ask(this.#path, asked).then(
      (response) => response.resume(),
      () => {},
    )
  }

  async *#received(
    frames: FrameReader,
    { signal, onProgress, reasonOf }: ReceiveOptions & { reasonOf: ReasonOf },
  ): AsyncGenerator<ReceivedCapture> {
    for (;;) {
      const event = await frames.event()
      if (event.event === 'result') yield* this.#result(event, frames, reasonOf)
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
    reasonOf: ReasonOf,
  ): AsyncGenerator<ReceivedCapture> {
    const body = Readable.from(explained(frames.body(), reasonOf), { objectMode: false })
    // Whoever reads it is told; nobody has to.
    body.on('error', () => {})
    yield { thread, bytes, body, ...(details === undefined ? {} : { details }) }
    if (body.readableEnded) return
    body.destroy()
    await finished(body).catch(() => {})
  }

  /** Hangs up on what runs, which then fails with `reason`. */
  async close(reason?: unknown): Promise<void> {
    for (const controller of this.#running) controller.abort(reason)
  }
}
