import { statSync } from 'node:fs'
import { basename, extname, join, relative, resolve } from 'node:path'
import type { CapturedThread, CaptureRequest } from '../../diagnostics/model.js'
import { type CommandInput, UsageError } from '../command.js'
import { alreadyThere, checkPath, OutputFile } from './output-file.js'

const UNSAFE = /[^\p{L}\p{N}._]+/gu
const LONGEST_PART = 60
const MOST_OF_A_NAME = 1000

/** A word that can stand in a file's name. */
const safe = (text: string): string =>
  text
    .replace(UNSAFE, '-')
    .replace(/^[-.]+|-+$/g, '')
    .slice(0, LONGEST_PART) || 'unnamed'

const two = (value: number): string => String(value).padStart(2, '0')

/** `20261122-143015`, as the clocks on the wall show it. */
function timeText(time: Date): string {
  const date = [time.getMonth() + 1, time.getDate()].map(two).join('')
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join('')
  return `${time.getFullYear()}${date}-${clock}`
}

/** `threadmeter-<program>-<thread>-<time>`, without what ends it. */
function fileName(program: string, thread: string, time = new Date()): string {
  const base = basename(program)
  const name = base.slice(0, base.length - extname(base).length) || base
  return `threadmeter-${safe(name)}-${safe(thread)}-${timeText(time)}`
}

/** Receives a capture's bytes. */
export interface Sink {
  write(bytes: Uint8Array): void | Promise<void>
  /** Where it all is now; null for standard output. */
  end(): string | null
}

const writeOut = (bytes: Uint8Array): Promise<void> =>
  new Promise((written) => {
    process.stdout.write(bytes, () => written())
  })

const STANDARD_OUTPUT: Sink = { write: writeOut, end: () => null }

const isDirectory = (path: string): boolean =>
  path.endsWith('/') || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/** Where the captures of one command go. */
export class Output {
  readonly #told: string | undefined
  readonly #overwrite: boolean

  constructor({ options }: CommandInput) {
    this.#told = options.output as string | undefined
    this.#overwrite = options.overwrite === true
    if (this.#told === '') throw new UsageError('--output is empty')
    if (this.#told === '-' && options.json === true) {
      throw new UsageError('--json and --output - both mean standard output')
    }
  }

  get isStandardOutput(): boolean {
    return this.#told === '-'
  }

  get #directory(): string | undefined {
    if (this.#told === undefined) return '.'
    return isDirectory(this.#told) ? this.#told : undefined
  }

  /** Throws what stands against it, before anything is captured. */
  check(thread: CaptureRequest['thread'], merges = false): void {
    if (thread === 'all' && !merges && (this.isStandardOutput || this.#directory === undefined)) {
      throw new UsageError('--output takes a directory where several threads are asked for')
    }
    if (this.isStandardOutput) return
    checkPath(
      this.#directory === undefined ? (this.#told as string) : join(this.#directory, 'name'),
      this.#overwrite,
    )
  }

  /** Opens the place for one capture; `ending` is that of a file whose name is not given. */
  open(program: string, thread: CapturedThread | string, ending: string): Sink {
    if (this.isStandardOutput) return STANDARD_OUTPUT
    const directory = this.#directory
    if (directory === undefined) return this.#named(this.#told as string)
    const name = typeof thread === 'string' ? thread : thread.name
    return this.#unnamed(join(directory, fileName(program, name)), ending)
  }

  #named(path: string): Sink {
    const file = new OutputFile(path, this.#overwrite)
    return {
      write: (bytes) => file.write(bytes),
      end: () => {
        if (!file.commit()) throw alreadyThere(path)
        return path
      },
    }
  }

  /** Takes the first name that is free: of two threads with one name, the second gets a number. */
  #unnamed(base: string, ending: string): Sink {
    const path = (place: number): string =>
      place === 1 ? `${base}${ending}` : `${base}-${place}${ending}`
    let place = 1
    while (place < MOST_OF_A_NAME && statSync(path(place), { throwIfNoEntry: false })) place++
    const file = new OutputFile(path(place), false)
    return {
      write: (bytes) => file.write(bytes),
      end: () => {
        if (!file.commit()) throw alreadyThere(path(place))
        return relative('.', resolve(path(place)))
      },
    }
  }
}

/** Copies a body as it comes. */
export async function save(body: AsyncIterable<Buffer>, sink: Sink): Promise<string | null> {
  for await (const chunk of body) await sink.write(chunk)
  return sink.end()
}
