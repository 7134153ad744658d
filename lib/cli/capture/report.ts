import { type CommandInput, UsageError } from '../command.js'
import { type Look, lookOf } from '../terminal/look.js'
import { type Line, paint } from '../terminal/text.js'
import { alreadyThere, checkPath, OutputFile } from './output-file.js'

const NO_LOOK: Look = { colours: false, unicode: true, width: Number.POSITIVE_INFINITY }

/** What a command tells in text or JSON: on standard output, or in the file that the user names. */
export class Report {
  readonly #input: CommandInput
  readonly #path: string | undefined

  constructor(input: CommandInput) {
    this.#input = input
    const { output } = input.options
    if (output === '') throw new UsageError('--output is empty')
    this.#path = typeof output === 'string' && output !== '-' ? output : undefined
  }

  /** How it may look. */
  get look(): Look {
    return this.#path === undefined ? lookOf(this.#input, process.stdout) : NO_LOOK
  }

  get #overwrite(): boolean {
    return this.#input.options.overwrite === true
  }

  /** Throws why it could not be written, before there is anything to write. */
  check(): void {
    if (this.#path !== undefined) checkPath(this.#path, this.#overwrite)
  }

  /**
   * Writes a line of JSON for each document where that is asked for, else the lines. They are not cut:
   * what is cut is no link, and the terminal wraps.
   */
  async write(documents: readonly object[], lines: () => readonly Line[]): Promise<void> {
    const { colours } = this.look
    const all =
      this.#input.options.json === true
        ? documents.map((document) => JSON.stringify(document))
        : lines().map((line) => paint(line, Number.POSITIVE_INFINITY, colours))
    const text = `${all.join('\n')}\n`
    if (this.#path === undefined) {
      await new Promise<void>((written) => process.stdout.write(text, () => written()))
      return
    }
    const file = new OutputFile(this.#path, this.#overwrite)
    file.write(Buffer.from(text))
    if (!file.commit()) throw alreadyThere(this.#path)
  }
}
