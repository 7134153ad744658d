import { constants, mkdtempSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A place for a file that is being written: a directory of its own that only its owner enters, and that is
 * removed with all that is in it. Whatever becomes of the writer, nothing half-done is left.
 */
export class PrivateFile {
  /** Where it is written to. */
  readonly path: string
  readonly #directory: string

  /** Inside `directory`, so that it can be moved there; else among temporary files. */
  constructor(directory: string | null, name: string) {
    this.#directory = mkdtempSync(join(directory ?? tmpdir(), '.threadmeter-'))
    this.path = join(this.#directory, name)
  }

  /** How much of it there is. */
  get bytes(): number {
    return statSync(this.path, { throwIfNoEntry: false })?.size ?? 0
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
