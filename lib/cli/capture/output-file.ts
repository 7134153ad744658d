import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../command.js'

const OWNER_ONLY = 0o600

type SystemError = NodeJS.ErrnoException

export const alreadyThere = (path: string): Failure =>
  new Failure(`${path} is there already; --overwrite replaces it`, { code: 'EEXIST' })

const failed = (path: string, error: unknown): Failure =>
  new Failure(`cannot write ${path}: ${(error as Error).message}`, { cause: error })

/** Whether writing to a path means to fill a pipe or device, which is not replaced. */
const isSpecial = (path: string): boolean => {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats !== undefined && !stats.isFile()
}

/** Throws the reason why a file cannot be put there, as far as it can be known beforehand. */
export function checkPath(path: string, overwrite: boolean): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Failure(`${path} is a directory`, { code: 'EISDIR' })
  }
  const directory = dirname(path)
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Failure(`there is no directory ${directory}`, { code: 'ENOENT' })
  }
  if (isSpecial(path)) return
  const taken = lstatSync(path, { throwIfNoEntry: false }) !== undefined
  if (taken && !overwrite) throw alreadyThere(path)
  try {
    accessSync(directory, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw failed(`into ${directory}`, error)
  }
}

let count = 0

/**
 * A file that appears under its name only when it is whole: written under another one next to it, which
 * is removed when the program ends before.
 */
export class OutputFile {
  readonly #path: string
  readonly #temporary: string | undefined
  readonly #overwrite: boolean
  #fd: number

  constructor(path: string, overwrite: boolean) {
    this.#path = path
    this.#overwrite = overwrite
    const special = isSpecial(path)
    this.#temporary = special
      ? undefined
      : join(dirname(path), `.${basename(path)}.${process.pid}-${count++}.part`)
    const { O_WRONLY, O_CREAT, O_EXCL } = constants
    try {
      this.#fd = special
        ? openSync(path, O_WRONLY)
        : openSync(this.#temporary as string, O_WRONLY | O_CREAT | O_EXCL, OWNER_ONLY)
    } catch (error) {
      throw failed(path, error)
    }
    process.on('exit', this.discard)
  }

  write(bytes: Uint8Array): void {
    try {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#fd, bytes, done, bytes.length - done)
      }
    } catch (error) {
      this.discard()
      throw failed(this.#path, error)
    }
  }

  /** Gives the file its name. False when somebody else has taken the name, and it may not be replaced. */
  commit(): boolean {
    this.#close()
    try {
      return this.#temporary === undefined || this.#name(this.#temporary)
    } catch (error) {
      throw failed(this.#path, error)
    } finally {
      this.#remove()
    }
  }

  readonly discard = (): void => {
    this.#close()
    this.#remove()
  }

  /** A link fails where there is such a name already, in one step with the look for it; a rename replaces it. */
  #name(temporary: string): boolean {
    try {
      if (this.#overwrite) renameSync(temporary, this.#path)
      else linkSync(temporary, this.#path)
      return true
    } catch (error) {
      const { code } = error as SystemError
      if (code === 'EEXIST') return false
      if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error
    }
    return this.#copy(temporary)
  }

  /** Where there are no links, as on FAT. */
  #copy(temporary: string): boolean {
    try {
      copyFileSync(temporary, this.#path, constants.COPYFILE_EXCL)
      return true
    } catch (error) {
      if ((error as SystemError).code === 'EEXIST') return false
      throw error
    }
  }

  #close(): void {
    process.off('exit', this.discard)
    if (this.#fd >= 0) closeSync(this.#fd)
    this.#fd = -1
  }

  #remove(): void {
    if (this.#temporary !== undefined) rmSync(this.#temporary, { force: true })
  }
}
