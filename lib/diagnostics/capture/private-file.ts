import {
  constants,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lifeOfProcess, ownProcess, processText } from '../../meter/liveness.js'

const PREFIX = '.threadmeter-'

// Behind the process stand the random letters of mkdtemp(3).
const DIRECTORY = /^\.threadmeter-(\d+)-(\d+)-(\d+)-\w+$/

function isLeft(name: string): boolean {
  const [, pid, processStart, pidNamespace] = (DIRECTORY.exec(name) ?? []).map(Number)
  if (pid === undefined || processStart === undefined || pidNamespace === undefined) return false
  return lifeOfProcess({ pid, processStart, pidNamespace }) === 'dead'
}

/** Removes what killed processes of this user have left in the directory: it may be of many GB. */
function removeLeft(directory: string): void {
  for (const name of readdirSync(directory).filter(isLeft)) {
    const path = join(directory, name)
    try {
      if (lstatSync(path).uid === process.geteuid?.()) rmSync(path, { recursive: true })
    } catch {
      // Another process was faster.
    }
  }
}

/**
 * A place for a file that is being written: a directory of its own that only its owner enters, and that is
 * removed with all that is in it. Whatever becomes of the writer, nothing half-done is left for long: what a
 * killed process leaves is removed with the next one made in that place.
 */
export class PrivateFile {
  /** Where it is written to. */
  readonly path: string
  readonly #directory: string

  /** Inside `directory`, so that it can be moved there; else among temporary files. */
  constructor(directory: string | null, name: string) {
    const around = directory ?? tmpdir()
    removeLeft(around)
    this.#directory = mkdtempSync(join(around, `${PREFIX}${processText(ownProcess())}-`))
    this.path = join(this.#directory, name)
  }

  /** How much of it there is. Never throws: it is read by a timer while the file grows. */
  get bytes(): number {
    try {
      return statSync(this.path).size
    } catch {
      return 0
    }
  }

  /** Creates it, for its owner alone; for writing by whoever calls. */
  create(): number {
    return openSync(this.path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600)
  }

  /** Moves it to the directory around its own, and gives its place. */
  publish(directory: string, name: string): string {
    const path = join(directory, name)
    renameSync(this.path, path)
    this.remove()
    return path
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
