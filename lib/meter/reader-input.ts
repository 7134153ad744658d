import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { MeterFileError, meterFileError } from './reader-error.js'

// Opening a pipe would wait for its writer, and opening a terminal could make it ours.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY

/** An open meter file, read by position. Nothing else may be assumed of it than that it is a file. */
export class MeterInput {
  readonly path: string
  #fd: number

  /** @throws {MeterFileError} */
  constructor(path: string, owner: number) {
    this.path = path
    try {
      this.#fd = openSync(path, FLAGS)
    } catch (error) {
      throw meterFileError(path, error)
    }
    try {
      this.#check(owner)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /**
   * Fills `into` with what the file holds from `position` on.
   *
   * @throws {MeterFileError}
   */
  read(into: NodeJS.ArrayBufferView, offset: number, length: number, position: number): void {
    let done = 0
    while (done < length) {
      let count: number
      try {
        count = readSync(this.#fd, into, offset + done, length - done, position + done)
      } catch (error) {
        throw meterFileError(this.path, error)
      }
      if (count === 0) {
        const missing = `ends at ${position + done} of at least ${position + length} bytes`
        throw new MeterFileError('truncated', this.path, missing)
      }
      done += count
    }
  }

  close(): void {
    if (this.#fd < 0) return
    closeSync(this.#fd)
    this.#fd = -1
  }

  #check(owner: number): void {
    const stat = fstatSync(this.#fd)
    if (!stat.isFile()) throw new MeterFileError('not-a-file', this.path, 'is no regular file')
    if (stat.uid !== owner) {
      const detail = `belongs to user ${stat.uid}, not ${owner}`
      throw new MeterFileError('foreign-owner', this.path, detail)
    }
  }
}
