import type { ReadStream, WriteStream } from 'node:tty'
import { keysOf } from './keys.js'

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const LEAVE = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const CLEAR_TO_END_OF_LINE = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'
// Terminals that know it show all that comes in between at once; the others ignore it.
const BEGIN_UPDATE = '\x1b[?2026h'
const END_UPDATE = '\x1b[?2026l'

/** Whether a stream is a terminal that understands escape sequences. */
export const canDraw = (stream: { readonly isTTY?: boolean }): boolean =>
  stream.isTTY === true && process.env.TERM !== 'dumb'

/** Whether to draw with characters beyond ASCII: unless the locale says that they are not understood. */
export function isUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env
  const locale = LC_ALL || LC_CTYPE || LANG
  return !locale || /utf-?8/i.test(locale)
}

export interface ScreenHandlers {
  onKey(key: string): void
  onResize(): void
}

/** A terminal that is taken over for a while, and given back as it was, whatever ends the process. */
export class Screen {
  #output: WriteStream
  #input: ReadStream
  #handlers: ScreenHandlers
  #open = true

  constructor(output: WriteStream, input: ReadStream, handlers: ScreenHandlers) {
    this.#output = output
    this.#input = input
    this.#handlers = handlers
    process.on('exit', this.close)
    output.on('resize', handlers.onResize)
    output.write(ENTER)
    if (!input.isTTY) return
    input.setRawMode(true)
    input.on('data', this.#onData)
    input.resume()
  }

  /** One column less than there are: after a full line, what clears to its end would take its last character. */
  get width(): number {
    return Math.max((this.#output.columns || 80) - 1, 1)
  }

  get height(): number {
    return this.#output.rows || 24
  }

  draw(lines: readonly string[]): void {
    if (!this.#open) return
    const text = lines.map((line) => line + CLEAR_TO_END_OF_LINE).join('\r\n')
    this.#output.write(BEGIN_UPDATE + HOME + text + CLEAR_BELOW + END_UPDATE)
  }

  readonly close = (): void => {
    if (!this.#open) return
    this.#open = false
    process.off('exit', this.close)
    this.#output.off('resize', this.#handlers.onResize)
    this.#output.write(LEAVE)
    if (!this.#input.isTTY) return
    this.#input.off('data', this.#onData)
    this.#input.setRawMode(false)
    this.#input.pause()
  }

  #onData = (bytes: Buffer): void => {
    for (const key of keysOf(bytes.toString())) this.#handlers.onKey(key)
  }
}
