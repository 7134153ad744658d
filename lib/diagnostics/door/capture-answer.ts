import type { ServerResponse } from 'node:http'
import { ThreadmeterError } from '../../errors.js'
import type { CaptureContent, CaptureOutcome } from '../engine.js'
import type { CaptureRequest, HeapSnapshotFile, ProgressEvent } from '../model.js'
import { BadRequest, sendError } from './door-error.js'
import { CONTENT_TYPES, type DoorEvent, EVENTS_TYPE } from './protocol.js'
import { begin, bytesOf, piecesOf, write } from './sending.js'

/** The bytes of an answer. */
interface Body {
  readonly type: string
  readonly bytes: number
  chunks(): Iterable<string> | AsyncIterable<Buffer>
  dispose(): void
}

const jsonBody = (json: string): Body => ({
  type: CONTENT_TYPES.stack,
  bytes: Buffer.byteLength(json),
  chunks: () => piecesOf(json),
  dispose: () => {},
})

type FileContent = Extract<CaptureContent, { type: 'file' }>

const fileBody = (content: FileContent): Body => ({
  type: CONTENT_TYPES['heap-snapshot'],
  bytes: content.bytes,
  chunks: () => bytesOf(content.path, content.bytes),
  dispose: () => content.dispose(),
})

/** A snapshot that stays in a directory of the client's is not sent as well. */
function bodyOf(content: CaptureContent, request: CaptureRequest): Body {
  if (content.type === 'json') return jsonBody(content.json)
  if (request.directory === null) return fileBody(content)
  const { path, bytes, details } = content
  return jsonBody(JSON.stringify({ path, bytes, threadmeter: details } satisfies HeapSnapshotFile))
}

/** How a capture is answered. */
export interface CaptureAnswer {
  onProgress(event: ProgressEvent): void
  /** The outcomes, to the end. Throws what the whole request failed with. */
  send(outcomes: AsyncIterable<CaptureOutcome>): Promise<void>
}

interface Answering {
  readonly response: ServerResponse
  readonly request: CaptureRequest
  /** ms for which the client may take nothing. */
  readonly within: number
}

/** Without events: the capture itself, or its error. */
class OneAnswer implements CaptureAnswer {
  readonly #to: Answering

  constructor(to: Answering) {
    this.#to = to
  }

  onProgress(): void {}

  async send(outcomes: AsyncIterable<CaptureOutcome>): Promise<void> {
    for await (const outcome of outcomes) {
      if ('error' in outcome) throw outcome.error
      return this.#sendBody(bodyOf(outcome.content, this.#to.request))
    }
    const { kind } = this.#to.request
    throw new ThreadmeterError('ERR_THREADMETER_CAPTURE_FAILED', [kind, 'nothing came of it'])
  }

  async #sendBody(body: Body): Promise<void> {
    const { response, within } = this.#to
    try {
      begin(response, 200, { 'content-type': body.type, 'content-length': body.bytes })
      await write(response, body.chunks(), within)
      response.end()
    } finally {
      body.dispose()
    }
  }
}

/** Without events, for all threads: a JSON array. */
class ListAnswer implements CaptureAnswer {
  readonly #to: Answering

  constructor(to: Answering) {
    this.#to = to
  }

  onProgress(): void {}

  async send(outcomes: AsyncIterable<CaptureOutcome>): Promise<void> {
    const { response } = this.#to
    let separator = '[\n'
    for await (const outcome of outcomes) {
      if (!response.headersSent) begin(response, 200, { 'content-type': 'application/json' })
      await this.#item(separator, outcome)
      separator = ',\n'
    }
    if (!response.headersSent) begin(response, 200, { 'content-type': 'application/json' })
    response.end(separator === ',\n' ? '\n]\n' : '[]\n')
  }

  async #item(separator: string, outcome: CaptureOutcome): Promise<void> {
    const { response, request, within } = this.#to
    const thread = `${separator}{"thread":${JSON.stringify(outcome.thread)},`
    if ('error' in outcome) {
      const error = JSON.stringify(sendError(outcome.error))
      return write(response, [`${thread}"error":${error}}`], within)
    }
    const body = bodyOf(outcome.content, request)
    await write(response, [`${thread}"value":`], within)
    await write(response, body.chunks(), within)
    await write(response, ['}'], within)
  }
}

// What a client that takes nothing makes the server keep for it.
const MOST_WAITING_BYTES = 64 * 1024

const keyOf = ({ event, thread }: ProgressEvent): string => `${event} ${thread.threadId}`

/** With events: see {@link DoorEvent}. */
class EventsAnswer implements CaptureAnswer {
  readonly #to: Answering

  constructor(to: Answering) {
    this.#to = to
    begin(to.response, 200, { 'content-type': EVENTS_TYPE })
    to.response.flushHeaders()
  }

  onProgress(event: ProgressEvent): void {
    // Between the bytes of a capture no line can be told from them.
    if (this.#isWithinBody) this.#late.set(keyOf(event), event)
    else this.#tell(event)
  }

  #tell(event: ProgressEvent): void {
    const { response } = this.#to
    if (response.writableLength < MOST_WAITING_BYTES) response.write(`${JSON.stringify(event)}\n`)
  }

  async send(outcomes: AsyncIterable<CaptureOutcome>): Promise<void> {
    try {
      for await (const outcome of outcomes) await this.#outcome(outcome)
    } catch (error) {
      if (this.#isWithinBody) throw error
      this.#end({ event: 'end', error: sendError(error) })
      return
    }
    this.#end({ event: 'end' })
  }

  #isWithinBody = false
  /** What other threads made known meanwhile, the last of each kind. */
  readonly #late = new Map<string, ProgressEvent>()

  #end(event: DoorEvent): void {
    this.#to.response.end(`${JSON.stringify(event)}\n`)
  }

  #line(event: DoorEvent): Promise<void> {
    return write(this.#to.response, [`${JSON.stringify(event)}\n`], this.#to.within)
  }

  async #outcome(outcome: CaptureOutcome): Promise<void> {
    const { thread } = outcome
    if ('error' in outcome) {
      return this.#line({ event: 'failed', thread, error: sendError(outcome.error) })
    }
    const body = bodyOf(outcome.content, this.#to.request)
    try {
      await this.#body(outcome, body)
    } finally {
      body.dispose()
    }
  }

  async #body({ thread, content }: Extract<CaptureOutcome, { content: unknown }>, body: Body) {
    const { response, request, within } = this.#to
    const details = content.type === 'file' ? { details: content.details } : {}
    const { kind } = request
    this.#isWithinBody = true
    await this.#line({ event: 'result', kind, thread, bytes: body.bytes, ...details })
    await write(response, body.chunks(), within)
    this.#isWithinBody = false
    for (const event of this.#late.values()) this.#tell(event)
    this.#late.clear()
  }
}

const isListless = ({ kind, thread, directory }: CaptureRequest): boolean =>
  kind === 'heap-snapshot' && thread === 'all' && directory === null

/** How a client wants to be answered. Throws when it cannot be. */
export function answerTo(to: Answering, wantsEvents: boolean): CaptureAnswer {
  if (wantsEvents) return new EventsAnswer(to)
  if (to.request.thread !== 'all') return new OneAnswer(to)
  if (!isListless(to.request)) return new ListAnswer(to)
  throw new BadRequest(400, `heap snapshots of all threads need a directory, or ${EVENTS_TYPE}`)
}
