import { STATE } from './layout.js'
import type { MeterHeader } from './layout-header.js'
import type { FamilyDescription } from './model.js'
import type { ReadSeries } from './reader-catalogue.js'
import { MeterContents } from './reader-contents.js'
import { MeterFileError } from './reader-error.js'
import { MeterInput } from './reader-input.js'

export type { MeterHeader } from './layout-header.js'
export type { ReadSeries, ReadSlots } from './reader-catalogue.js'
export { MeterFileError, type MeterFileReason } from './reader-error.js'

const MAX_REPLACEMENTS = 8

/**
 * Reads a meter file while its thread writes it. The file is never mapped, and nothing in it is trusted:
 * what cannot be makes a method throw, and memory stays within a small multiple of `LIMITS`.
 *
 * After an error the reader keeps what it had read before; it can only be closed.
 */
export class MeterReader {
  readonly path: string
  #owner: number
  #input: MeterInput
  #contents: MeterContents
  #replacements = 0
  #pastChanges = 0
  #failure: unknown

  private constructor(path: string, owner: number) {
    this.path = path
    this.#owner = owner
    this.#input = new MeterInput(path, owner)
    try {
      this.#contents = new MeterContents(this.#input)
      this.refresh()
    } catch (error) {
      this.close()
      throw error
    }
  }

  /**
   * Opens a file and reads all of it. `owner` is the user to whom it must belong.
   *
   * @throws {MeterFileError} with a `reason`
   */
  static open(path: string, owner: number = process.geteuid?.() ?? -1): MeterReader {
    return new MeterReader(path, owner)
  }

  /** As of the last refresh. */
  get header(): Readonly<MeterHeader> {
    return this.#contents.header
  }

  get families(): ReadonlyMap<number, FamilyDescription> {
    return this.#contents.catalogue.families
  }

  get series(): ReadonlyMap<number, ReadSeries> {
    return this.#contents.catalogue.series
  }

  /** All values of the file; a refresh may put another array in its place. */
  get values(): Float64Array {
    return this.#contents.values.packed
  }

  get defaultLabels(): readonly (readonly [string, string])[] {
    return this.#contents.catalogue.defaultLabels
  }

  /** Names of the files whose counters are in this one's. */
  get folded(): readonly string[] {
    return this.#contents.catalogue.folded
  }

  /** Grows whenever something besides values and header figures has changed. */
  get revision(): number {
    return this.#pastChanges + this.#contents.catalogue.changes
  }

  /** Counts how often the thread went on in another file: numbers of families and series begin anew. */
  get generation(): number {
    return this.#replacements
  }

  /**
   * Reads values, header and what the catalogue has got since. Once it has thrown it throws the same
   * again.
   *
   * @throws {MeterFileError}
   */
  refresh(): void {
    if (this.#failure !== undefined) throw this.#failure
    try {
      this.#refresh()
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  close(): void {
    this.#input.close()
  }

  #refresh(): void {
    this.#contents.refresh()
    for (let i = 0; this.header.state === STATE.replaced; i++) {
      if (i === MAX_REPLACEMENTS) {
        throw new MeterFileError('malformed', this.path, 'says that it was replaced by itself')
      }
      this.#reopen()
    }
  }

  #reopen(): void {
    const input = new MeterInput(this.path, this.#owner)
    try {
      const contents = new MeterContents(input)
      contents.refresh()
      this.#input.close()
      this.#pastChanges = this.revision + 1
      this.#input = input
      this.#contents = contents
      this.#replacements++
    } catch (error) {
      input.close()
      throw error
    }
  }
}
