import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lifeOfProcess, ownProcess, processText } from '../../meter/liveness.js'
import { ownUid } from '../../meter/private-directory.js'

const NAME =
  /^threadmeter-\d{8}T\d{6}\.\d{3}Z-\d+-[\w.-]+\.(?:stack\.json|cpuprofile|heapsnapshot)$/
const PARTIAL = /^\.threadmeter-partial-(\d+)-(\d+)-(\d+)$/

const DAY_MS = 86_400_000

// By which the clocks of those that share a directory may differ.
const APART_MS = 60_000

/** How many captures of this process need a directory for what is not complete. */
const holders = new Map<string, number>()

/** How much of it stays. */
export interface RingBounds {
  readonly files: number
  readonly bytes: number
}

/** A moment, in ms since the Unix epoch, as it stands in the names of files: they sort by it. */
export const timeText = (at: number): string => new Date(at).toISOString().replace(/[-:]/g, '')

/** The directory of those who name none: outlives the process, unlike the runtime directory. */
export const defaultDirectory = (): string => join(tmpdir(), `threadmeter-captures-${ownUid()}`)

function makeDefault(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
    // The umask may have taken bits that the owner needs.
    chmodSync(path, 0o700)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const stats = lstatSync(path)
  // In a place where everybody may write, somebody else may have been first.
  const isPrivate = stats.isDirectory() && stats.uid === ownUid() && (stats.mode & 0o077) === 0
  if (!isPrivate) throw new Error(`${path} is not a directory of this user alone`)
}

interface Kept {
  readonly path: string
  readonly bytes: number
}

/**
 * Files in a directory, bounded in number and bytes: the oldest go first. Their names begin with their
 * time, so that they sort by it; only files of such names are counted and removed. Several processes
 * may share one. A file is written in a directory of its own and then takes its name, so that whatever
 * has such a name is complete.
 *
 * All calls are synchronous: the pool behind asynchronous ones may be what is blocked.
 */
export class Ring {
  readonly directory: string
  readonly #bounds: RingBounds
  readonly #partial: string
  /** Files that went to keep within the bounds. */
  removed = 0

  /** @throws what makes the directory unusable */
  constructor(directory: string | null, bounds: RingBounds) {
    this.directory = directory ?? defaultDirectory()
    this.#bounds = bounds
    this.#partial = join(this.directory, `.threadmeter-partial-${processText(ownProcess())}`)
    this.hold()
    try {
      this.prepare()
    } finally {
      this.release()
    }
  }

  /** Until {@link release}, what {@link prepare} returned stays where it is. */
  hold(): void {
    holders.set(this.#partial, (holders.get(this.#partial) ?? 0) + 1)
  }

  /** Makes what is missing; returns where a file can be written before it is complete. */
  prepare(): string {
    if (this.directory === defaultDirectory()) makeDefault(this.directory)
    else mkdirSync(this.directory, { recursive: true, mode: 0o700 })
    if (!existsSync(this.#partial)) {
      this.#removeRemains()
      mkdirSync(this.#partial, { mode: 0o700 })
    }
    return this.#partial
  }

  /** Writes a file; returns its path. Throws what went wrong, with nothing left behind. */
  write(name: string, text: string): string {
    const path = join(this.prepare(), name)
    try {
      const bytes = Buffer.from(text)
      this.#makeRoom(bytes.length)
      writeWhole(path, bytes)
      return this.#take(path, name)
    } catch (error) {
      rmSync(path, { force: true })
      throw error
    }
  }

  /** Takes a file that lies in the directory that {@link prepare} returned; returns its new path. */
  adopt(path: string, name: string): string {
    try {
      this.#makeRoom(statSync(path).size)
      chmodSync(path, 0o600)
      return this.#take(path, name)
    } catch (error) {
      rmSync(path, { force: true })
      throw error
    }
  }

  /** The last one of the process that needs it takes it away. */
  release(): void {
    const left = (holders.get(this.#partial) ?? 0) - 1
    if (left > 0) {
      holders.set(this.#partial, left)
      return
    }
    holders.delete(this.#partial)
    try {
      rmdirSync(this.#partial)
    } catch {
      // It was not needed, or holds what a failure left there.
    }
  }

  #take(path: string, name: string): string {
    const final = join(this.directory, name)
    renameSync(path, final)
    // Others may have added theirs meanwhile: whoever comes last sees all.
    this.#trim(0, 0)
    return final
  }

  #makeRoom(bytes: number): void {
    if (bytes > this.#bounds.bytes) {
      throw new Error(`${bytes} bytes are more than the ${this.#bounds.bytes} of the ring`)
    }
    this.#trim(1, bytes)
  }

  /** Removes the oldest files until there is room for so much more. */
  #trim(files: number, bytes: number): void {
    const kept = this.#list()
    let left = kept.length + files
    let size = kept.reduce((sum, file) => sum + file.bytes, bytes)
    for (const file of kept) {
      if (left <= this.#bounds.files && size <= this.#bounds.bytes) return
      if (remove(file.path)) this.removed++
      left--
      size -= file.bytes
    }
  }

  /** The oldest first: what lies ahead of a clock was written before that was set back. */
  #list(): Kept[] {
    const names = readdirSync(this.directory).filter((name) => NAME.test(name))
    const ahead = `threadmeter-${timeText(Date.now() + APART_MS)}`
    const isAhead = (name: string): number => Number(name > ahead)
    return names
      .sort()
      .sort((one, other) => isAhead(other) - isAhead(one))
      .flatMap((name) => keptAt(join(this.directory, name)))
  }

  /** What processes left that were killed while they wrote. */
  #removeRemains(): void {
    for (const name of readdirSync(this.directory)) {
      const found = PARTIAL.exec(name)
      if (found === null) continue
      const path = join(this.directory, name)
      const [pid, processStart, pidNamespace] = found.slice(1).map(Number)
      const process = { pid, processStart, pidNamespace } as Parameters<typeof lifeOfProcess>[0]
      if (isAbandoned(path, lifeOfProcess(process))) rmSync(path, { recursive: true, force: true })
    }
  }
}

/** Of another container nobody can tell, but that no capture takes so long. */
function isAbandoned(path: string, life: ReturnType<typeof lifeOfProcess>): boolean {
  if (life !== 'unknown') return life === 'dead'
  try {
    return Date.now() - statSync(path).mtimeMs > DAY_MS
  } catch {
    return false
  }
}

function keptAt(path: string): Kept[] {
  try {
    const stats = lstatSync(path)
    return stats.isFile() && stats.uid === ownUid() ? [{ path, bytes: stats.size }] : []
  } catch {
    // Another process was faster.
    return []
  }
}

function remove(path: string): boolean {
  try {
    unlinkSync(path)
    return true
  } catch {
    return false
  }
}

function writeWhole(path: string, bytes: Buffer): void {
  const fd = openSync(path, 'wx', 0o600)
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
  } finally {
    closeSync(fd)
  }
}
