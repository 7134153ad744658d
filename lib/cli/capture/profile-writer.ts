import { writeTree } from '../../diagnostics/formats/convert.js'
import type { StackTree } from '../../diagnostics/formats/stack-tree.js'
import { type CommandInput, UsageError } from '../command.js'
import { lookOf } from '../terminal/look.js'
import { bytesText } from '../terminal/quantity.js'
import { paint } from '../terminal/text.js'
import { FILE_KINDS, type FileFormat } from './formats.js'
import { mergedTree } from './merged-tree.js'
import { openInBrowser } from './opener.js'
import { Output } from './output.js'
import type { Say } from './run-capture.js'
import { type Summary, summaryLines, summaryOf } from './summary.js'
import type { CaptureTarget } from './target.js'

/** One thread's profile: its stacks, and the capture as it came where there is one. */
export interface ProfileToWrite {
  readonly tree: StackTree
  readonly raw?: Buffer
  /** What it is called in the name of its file; by default as its thread. */
  readonly name?: string
}

interface Written {
  readonly path: string | null
  readonly bytes: number
}

const bytesOf = (content: string | Uint8Array): Uint8Array =>
  typeof content === 'string' ? Buffer.from(content) : content

/** Writes profiles in the format that is wished for, and tells what is in them. */
export class ProfileWriter {
  readonly #input: CommandInput
  readonly #format: FileFormat
  readonly #output: Output
  readonly #all: ProfileToWrite[] = []

  constructor(input: CommandInput, format: FileFormat) {
    this.#input = input
    this.#format = format
    this.#output = new Output(input)
    if (format === 'pprof' && this.#output.isStandardOutput && process.stdout.isTTY) {
      throw new UsageError('pprof is binary: name a file, or send it on')
    }
    if (input.options.open === true && this.#output.isStandardOutput) {
      throw new UsageError('--open needs a file: --output names one')
    }
  }

  check({ thread }: Pick<CaptureTarget, 'thread'>): void {
    this.#output.check(thread, this.#kind.merges)
  }

  /** Takes one in; several threads that go into one file wait for each other. */
  async add(profile: ProfileToWrite, { program, thread }: CaptureTarget, say: Say): Promise<void> {
    this.#all.push(profile)
    if (this.#isMerged(thread)) return
    const name = profile.name ?? profile.tree.details?.thread ?? 'unknown'
    const content = profile.raw ?? bytesOf(writeTree(profile.tree, this.#treeFormat))
    await this.#tell([profile], await this.#write(content, program, name), say)
  }

  async finish({ program, thread }: CaptureTarget, say: Say): Promise<void> {
    const [first, ...rest] = this.#all.map(({ tree }) => tree)
    if (first === undefined || !this.#isMerged(thread)) return
    const merged = mergedTree([first, ...rest])
    const content = bytesOf(writeTree(merged, this.#treeFormat))
    await this.#tell(this.#all, await this.#write(content, program, 'all'), say)
  }

  get #kind(): (typeof FILE_KINDS)[FileFormat] {
    return FILE_KINDS[this.#format]
  }

  get #treeFormat(): Parameters<typeof writeTree>[1] {
    return this.#format as Parameters<typeof writeTree>[1]
  }

  #isMerged(thread: CaptureTarget['thread']): boolean {
    return thread === 'all' && this.#kind.merges
  }

  async #write(
    content: Uint8Array,
    program: string,
    thread: Parameters<Output['open']>[1],
  ): Promise<Written> {
    const sink = this.#output.open(program, thread, this.#kind.ending)
    await sink.write(content)
    return { path: sink.end(), bytes: content.length }
  }

  async #tell(profiles: readonly ProfileToWrite[], written: Written, say: Say): Promise<void> {
    const { options } = this.#input
    const { colours, width } = lookOf(this.#input, process.stderr)
    for (const { tree } of profiles) {
      const summary = summaryOf(tree)
      for (const line of summaryLines(tree, summary, width)) {
        say(paint(line, Number.POSITIVE_INFINITY, colours))
      }
      if (options.json === true) this.#json(tree, summary, written)
    }
    const { path, bytes } = written
    if (path === null) return
    say(`${path}  ${bytesText(bytes)}, for ${this.#kind.readers}`)
    if (options.open === true) say(await openInBrowser(path))
  }

  #json({ details, unit }: StackTree, summary: Summary, { path, bytes }: Written): void {
    const { thread, window, partial } = details ?? {}
    const document = { thread, file: path, bytes, format: this.#format, window, partial, unit }
    process.stdout.write(`${JSON.stringify({ ...document, ...summary })}\n`)
  }
}
