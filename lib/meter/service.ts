import { join } from 'node:path'
import { isAbandoned, OBSERVER_LOCK, unlinkIfThere } from './cleaning.js'
import { ownProcess, processText } from './liveness.js'
import { type FileLock, tryLock } from './locks.js'
import { Merge } from './merge.js'
import { type MergeSource, ThreadSource } from './merge-source.js'
import type { MergedFamily } from './merged.js'
import type { MeterFile } from './meter-file.js'
import { MeterFiles } from './meter-files.js'
import { ownerOf, ownUid } from './private-directory.js'
import { type ProblemReason, Problems } from './problems.js'
import type { MeterReader } from './reader.js'
import { Retired, TEMPORARY } from './retired.js'
import { noteProblems } from './service-problems.js'

export type { MergedFamily, MergedSeries } from './merged.js'

/** What a {@link MeterService} tells its owner. */
export interface MeterServiceOptions {
  /** Called once for each thing that is wrong, for as long as it is. */
  readonly onProblem?: (text: string) => void
  /** Called with the file of a thread that ended, once, before it is folded and closed. */
  readonly onEnded?: (meter: MeterReader) => void
}

// Folds are seconds apart: who sees one during each of so many looks sees something else.
const MAX_LOOKS = 16

/**
 * All threads of one service, read from their meter files in a runtime directory. Any number of them may
 * look at once; the one that leads also folds what ended threads counted into the totals.
 */
export class MeterService {
  readonly dir: string
  readonly #problems: Problems
  readonly #onEnded: (meter: MeterReader) => void
  readonly #retired: Retired
  readonly #files: MeterFiles
  readonly #merge = new Merge()
  #lock: FileLock | undefined
  #foldError: unknown

  constructor(dir: string, { onProblem, onEnded }: MeterServiceOptions = {}) {
    this.dir = dir
    this.#problems = new Problems(onProblem ?? (() => {}))
    this.#onEnded = onEnded ?? (() => {})
    this.#retired = new Retired(dir)
    this.#files = new MeterFiles(dir)
  }

  /** Files of the threads that live, or may live. */
  get meters(): readonly MeterReader[] {
    return this.#files.all.filter(({ hasEnded }) => !hasEnded).map(({ reader }) => reader)
  }

  /** Files of the threads that have ended and are not folded yet. */
  get ended(): readonly MeterReader[] {
    return this.#files.all.filter(({ hasEnded }) => hasEnded).map(({ reader }) => reader)
  }

  /** The totals of the ended threads as a file; undefined when there are none. */
  get retired(): MeterReader | undefined {
    return this.#retired.source?.figures
  }

  /** How many files there are that do not count as they should, by reason. */
  get problems(): ReadonlyMap<ProblemReason, number> {
    return this.#problems.counts
  }

  /** Not any more when the directory was removed by hand: another one may lead in its successor. */
  get leads(): boolean {
    return this.#lock?.isLinked === true
  }

  /**
   * Reads all files as they are now. Each value is seen once, in its file or in the totals, also while
   * another process folds.
   */
  refresh(): void {
    for (let look = 1; look <= MAX_LOOKS; look++) {
      this.#retired.refresh()
      this.#files.scan(this.#retired.folded)
      // What a fold took away during the scan is in totals that were not read yet.
      if (this.#retired.error !== undefined || this.#retired.isCurrent) break
    }
    this.#merge.update(this.#sources())
    this.#noteProblems()
  }

  /** All families, merged, with the values of the last refresh. The next call reuses its objects. */
  merged(): readonly MergedFamily[] {
    return this.#merge.merged()
  }

  /**
   * Tries to become the one that folds; true while it is. Whoever looks into the directory of another user
   * writes nothing there.
   */
  lead(): boolean {
    if (this.leads) return true
    this.#resign()
    if (ownerOf(this.dir) !== ownUid()) return false
    try {
      this.#lock = tryLock(join(this.dir, OBSERVER_LOCK), processText(ownProcess()))
    } catch {
      // No directory, no service.
    }
    return this.#lock !== undefined
  }

  /**
   * Adds what ended threads counted to the totals and frees their files; returns how many. Killed at any
   * point it leaves every value counted once, and the next fold does the rest. Throws what `onEnded` threw,
   * after all is done.
   */
  fold(): number {
    if (!this.leads) return 0
    this.refresh()
    if (!this.#prepareTotals()) return 0
    const ended = this.#files.all.filter(({ hasEnded }) => hasEnded)
    const files = ended.filter((file) => this.#files.readLast(file))
    if (files.length === 0) return 0
    const hookError = this.#tellEnded(files)
    if (!this.#writeTotals(files)) return 0
    this.#free(files)
    if (hookError !== undefined) throw hookError
    return files.length
  }

  /** Lets go of all files, and of the lead. */
  close(): void {
    this.#files.closeAll()
    this.#resign()
  }

  #resign(): void {
    this.#lock?.release()
    this.#lock = undefined
  }

  /** Whatever the owner makes of it, the thread has ended and its file has to go. */
  #tellEnded(files: readonly MeterFile[]): unknown {
    let first: unknown
    for (const { reader } of files) {
      try {
        this.#onEnded(reader)
      } catch (error) {
        first ??= error
      }
    }
    return first
  }

  #sources(): MergeSource[] {
    const { source } = this.#retired
    const threads = this.#files.all.map((file) => file.source)
    return source === undefined ? threads : [...threads, source]
  }

  /** Whether the totals can be replaced without losing what is in them. */
  #prepareTotals(): boolean {
    try {
      this.#retired.setAside()
    } catch (error) {
      this.#foldError = error
    }
    this.#removeRemains()
    return this.#retired.isKnown
  }

  /** What a leader left that was killed between its steps, and threads that were while they began. */
  #removeRemains(): void {
    const { folded } = this.#retired
    for (const name of this.#files.names) {
      const isInTotals = folded.has(name)
      if (isInTotals || name.startsWith(TEMPORARY) || isAbandoned(this.dir, name)) {
        this.#unlink(name)
      }
    }
  }

  #writeTotals(files: readonly MeterFile[]): boolean {
    const totals = new Merge()
    const { source, folded } = this.#retired
    const threads = files.map(({ reader }) => new ThreadSource(reader, true))
    totals.update(source === undefined ? threads : [...threads, source])
    totals.merged()
    // A file that could not be unlinked must stay named.
    const remaining = this.#files.names.filter((name) => folded.has(name))
    try {
      this.#retired.write(totals.everything, [...remaining, ...files.map(({ name }) => name)])
      this.#foldError = undefined
    } catch (error) {
      this.#foldError = error
    }
    return this.#foldError === undefined
  }

  #free(files: readonly MeterFile[]): void {
    for (const { name } of files) {
      this.#files.close(name)
      this.#unlink(name)
    }
    this.#merge.update(this.#sources())
  }

  #unlink(name: string): void {
    try {
      unlinkIfThere(join(this.dir, name))
    } catch {
      // It is named in the totals, and is tried again at each fold.
    }
  }

  #noteProblems(): void {
    noteProblems(this.#problems, {
      dir: this.dir,
      files: this.#files,
      totalsError: this.#retired.error,
      foldError: this.#foldError,
      merge: this.#merge,
    })
  }
}
