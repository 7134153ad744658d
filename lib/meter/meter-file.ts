import { lstatSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { STATE } from './layout.js'
import type { MeterHeader } from './layout-header.js'
import { type Life, lifeOfThread } from './liveness.js'
import { isHeld } from './locks.js'
import { ThreadSource } from './merge-source.js'
import { ownerOf } from './private-directory.js'
import type { ProblemReason } from './problems.js'
import { MeterFileError, MeterReader } from './reader.js'

/** Why a file does not count, and what is said of it. */
export interface Refusal {
  readonly reason: ProblemReason
  readonly text: string
  /** Of the file that was refused: another one of that name deserves another look. */
  readonly inode: number
}

/** An open meter file of the directory. */
export class MeterFile {
  readonly name: string
  reader: MeterReader
  life: Life = 'alive'
  #source: ThreadSource | undefined

  /** Throws where it cannot be read. */
  constructor(dir: string, name: string) {
    this.name = name
    this.reader = MeterReader.open(join(dir, name), ownerOf(dir))
    try {
      this.#checkName()
      this.judge()
    } catch (error) {
      this.reader.close()
      throw error
    }
  }

  get hasEnded(): boolean {
    return this.life === 'dead'
  }

  /** The same for as long as the thread has not ended. */
  get source(): ThreadSource {
    const { figures, hasEnded } = this.#source ?? {}
    if (figures !== this.reader || hasEnded !== this.hasEnded) {
      this.#source = new ThreadSource(this.reader, this.hasEnded)
    }
    return this.#source as ThreadSource
  }

  /** Reads the values anew, and whether their thread lives. */
  refresh(): void {
    this.reader.refresh()
    this.judge()
  }

  judge(): void {
    const { header } = this.reader
    // A header that says so is the thread's own word, from wherever it was.
    if (header.state === STATE.ended) this.life = 'dead'
    else if (this.life !== 'dead') this.life = this.#lifeOf(header)
  }

  #lifeOf(header: MeterHeader): Life {
    const life = lifeOfThread(header)
    if (life !== 'unknown' || header.locked === 0) return life
    return isHeld(this.reader.path) ? 'alive' : 'dead'
  }

  /** Reads what an ended thread left: nobody writes any more. */
  readLast(): void {
    if (this.reader.header.state === STATE.ended) {
      this.reader.refresh()
      return
    }
    // A thread killed while a smaller file took its file's place could not say so in the old one.
    const { path } = this.reader
    const last = MeterReader.open(path, ownerOf(dirname(path)))
    this.reader.close()
    this.reader = last
  }

  close(): void {
    this.reader.close()
  }

  /** A copy of a file under another name would count twice. */
  #checkName(): void {
    const { pid, processStart, tid, threadStart } = this.reader.header
    const own = `${pid}-${processStart}-${tid}-${threadStart}`
    const end = this.name.slice(own.length)
    if (this.name.startsWith(own) && /^(-\d+)?\.meter$/.test(end)) return
    throw new MisnamedError(`${this.reader.path}: is the file of ${own} by its header`)
  }
}

class MisnamedError extends Error {}

/** Undefined for what is over already: the file was folded, or its service cleaned. */
export function refusalOf(error: unknown, path: string): Refusal | undefined {
  if (error instanceof MeterFileError) {
    const { reason, message: text } = error
    return reason === 'gone' ? undefined : { reason, text, inode: inodeOf(path) }
  }
  if (error instanceof MisnamedError) {
    return { reason: 'misnamed', text: error.message, inode: inodeOf(path) }
  }
  throw error
}

/** 0 when there is no such file. */
export function inodeOf(path: string): number {
  try {
    return lstatSync(path).ino
  } catch {
    return 0
  }
}
