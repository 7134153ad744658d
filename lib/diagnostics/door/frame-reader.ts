import type { CaptureKind } from '../model.js'
import type { DoorEvent } from './protocol.js'

const LINE_FEED = 0x0a
// The longest are errors with all that is known of a thread; what is longer is no line of ours.
const LONGEST_LINE = 1024 * 1024

/** The answer ended where more of it was to come. */
export class CutOffError extends Error {}

const isEvent = (value: unknown): value is DoorEvent =>
  typeof (value as { event?: unknown } | null)?.event === 'string'

/** Reads the lines of an answer, and the bytes between them, however they are cut into chunks. */
export class FrameReader {
  readonly #chunks: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)
  /** Bytes of a capture that have not been read yet. */
  #left = 0

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  async #more(): Promise<Buffer> {
    const { value, done } = await this.#chunks.next()
    if (done) throw new CutOffError('the answer was cut off')
    return value
  }

  async #line(): Promise<string> {
    const parts: Buffer[] = []
    for (let length = 0; length <= LONGEST_LINE; ) {
      const end = this.#rest.indexOf(LINE_FEED)
      const part = end < 0 ? this.#rest : this.#rest.subarray(0, end)
      parts.push(part)
      length += part.length
      if (end >= 0) {
        this.#rest = this.#rest.subarray(end + 1)
        return Buffer.concat(parts).toString()
      }
      this.#rest = await this.#more()
    }
    throw new SyntaxError('the answer has a line that is too long')
  }

  /** The next line. What is left of the capture before it is passed over. */
  async event(): Promise<DoorEvent> {
    for await (const _ of this.body());
    const line = await this.#line()
    const event: unknown = JSON.parse(line)
    if (!isEvent(event)) throw new SyntaxError(`no event: ${line.slice(0, 80)}`)
    if (event.event === 'result') this.#left = bytesIn(event)
    return event
  }

  /** The bytes behind the `result` that was read last, as far as nobody has taken them. */
  async *body(): AsyncGenerator<Buffer> {
    while (this.#left > 0) {
      if (this.#rest.length === 0) this.#rest = await this.#more()
      const part = this.#rest.subarray(0, this.#left)
      this.#rest = this.#rest.subarray(part.length)
      this.#left -= part.length
      yield part
    }
  }
}

function bytesIn({ bytes, kind }: { bytes: unknown; kind: CaptureKind }): number {
  if (Number.isSafeInteger(bytes) && (bytes as number) >= 0) return bytes as number
  throw new SyntaxError(`${kind} of ${String(bytes)} bytes`)
}
