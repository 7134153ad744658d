import { closeSync, lstatSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { RETIRED, unlinkIfThere } from './cleaning.js'
import type { Family } from './merged.js'
import { ownerOf } from './private-directory.js'
import { MeterFileError, type MeterFileReason, MeterReader } from './reader.js'
import { RetiredSource, retiredImage } from './retired-image.js'

/** Beside the totals: what could not be read as such. The last one is kept. */
export const SET_ASIDE = `${RETIRED}-set-aside`

/** The totals are written under such names, in the order of `process.pid`, before they get theirs. */
export const TEMPORARY = `.${RETIRED}-`

const NONE = 'none'
const NO_NAMES: ReadonlySet<string> = new Set()

// What may be over the next time tells nothing about the file.
const PASSING: ReadonlySet<MeterFileReason> = new Set(['unreadable', 'gone'])

function writeNew(path: string, bytes: Buffer): void {
  const fd = openSync(path, 'wx', 0o600)
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
  } finally {
    closeSync(fd)
  }
}

/**
 * The totals of the ended threads: one file, always replaced as a whole. It also names the meter files
 * that are in it, which makes a single rename(2) of the step from 'they count' to 'the totals count'.
 */
export class Retired {
  source: RetiredSource | undefined
  /** Files that are not to be read any more. */
  folded: ReadonlySet<string> = NO_NAMES
  /** Why the totals are not those of the file. */
  error: MeterFileError | undefined

  readonly #path: string
  readonly #temporary: string
  #identity = NONE

  constructor(dir: string) {
    this.#path = join(dir, RETIRED)
    this.#temporary = join(dir, `${TEMPORARY}${process.pid}`)
  }

  /** Whether the file is the one that was read last. */
  get isCurrent(): boolean {
    return this.#identify() === this.#identity
  }

  /** Whether the file could be replaced without losing what is in it. */
  get isKnown(): boolean {
    return this.error === undefined && this.isCurrent
  }

  /** Reads the file if it is another one. */
  refresh(): void {
    const identity = this.#identify()
    if (identity === this.#identity && this.error === undefined) return
    try {
      this.#take(
        identity === NONE ? undefined : MeterReader.open(this.#path, ownerOf(dirname(this.#path))),
        identity,
      )
    } catch (error) {
      if (!(error instanceof MeterFileError)) throw error
      this.#fail(error, identity)
    }
  }

  /** Moves a file away that will never be readable, so that new totals can be kept. */
  setAside(): void {
    if (this.error === undefined || PASSING.has(this.error.reason)) return
    renameSync(this.#path, join(dirname(this.#path), SET_ASIDE))
    this.error = undefined
    this.#identity = NONE
  }

  /** Replaces the file; nothing has changed when it throws. */
  write(families: Iterable<Family>, folded: readonly string[]): void {
    const reader = this.#writeTemporary(retiredImage(families, folded))
    renameSync(this.#temporary, this.#path)
    this.#take(reader, this.#identify())
  }

  /** A file that a reader would refuse, for its size, must not become the totals. */
  #writeTemporary(bytes: Buffer): MeterReader {
    unlinkIfThere(this.#temporary)
    try {
      writeNew(this.#temporary, bytes)
      return MeterReader.open(this.#temporary)
    } catch (error) {
      unlinkIfThere(this.#temporary)
      throw error
    }
  }

  #take(reader: MeterReader | undefined, identity: string): void {
    // All of it is in memory, and nobody writes to it any more.
    reader?.close()
    this.source = reader && new RetiredSource(reader)
    this.folded = reader === undefined ? NO_NAMES : new Set(reader.folded)
    this.error = undefined
    this.#identity = identity
  }

  #fail(error: MeterFileError, identity: string): void {
    if (error.reason === 'gone') return
    this.error = error
    if (PASSING.has(error.reason)) return
    this.source = undefined
    this.folded = NO_NAMES
    this.#identity = identity
  }

  /** Differs between any two files that ever had the name. */
  #identify(): string {
    try {
      const { ino, ctimeNs } = lstatSync(this.#path, { bigint: true })
      return `${ino}.${ctimeNs}`
    } catch {
      return NONE
    }
  }
}
