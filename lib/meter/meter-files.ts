import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { inodeOf, MeterFile, type Refusal, refusalOf } from './meter-file.js'

const isMeterFile = (name: string): boolean => name.endsWith('.meter') && !name.startsWith('.')

function compare(
  { reader: { header: a } }: MeterFile,
  { reader: { header: b } }: MeterFile,
): number {
  return a.processSlot - b.processSlot || a.pid - b.pid || a.threadId - b.threadId || a.tid - b.tid
}

/** The meter files of a directory, each open for as long as it is there. */
export class MeterFiles {
  /** Names of all that is in the directory, as of the last scan. */
  names: readonly string[] = []
  readonly refused = new Map<string, Refusal>()

  readonly #dir: string
  #open = new Map<string, MeterFile>()
  #sorted: readonly MeterFile[] = []

  constructor(dir: string) {
    this.#dir = dir
  }

  /** In the order of process and thread. */
  get all(): readonly MeterFile[] {
    return this.#sorted
  }

  /** Reads all files but those of the totals, opens new ones, and closes what is gone. */
  scan(folded: ReadonlySet<string>): void {
    this.names = this.#list()
    const present = new Set(this.names.filter((name) => isMeterFile(name) && !folded.has(name)))
    for (const name of this.#open.keys()) if (!present.has(name)) this.close(name)
    for (const name of this.refused.keys()) if (!present.has(name)) this.refused.delete(name)
    for (const name of present) this.#read(name)
    this.#sorted = [...this.#open.values()].sort(compare)
  }

  /** Reads what an ended thread left; false when it cannot be read, and is refused then. */
  readLast(file: MeterFile): boolean {
    return this.#attempt(file.name, () => file.readLast())
  }

  close(name: string): void {
    const file = this.#open.get(name)
    if (file === undefined) return
    file.close()
    this.#open.delete(name)
    this.#sorted = this.#sorted.filter((other) => other !== file)
  }

  closeAll(): void {
    for (const name of [...this.#open.keys()]) this.close(name)
  }

  #list(): string[] {
    try {
      return readdirSync(this.#dir)
    } catch {
      // The service has ended and its directory is gone.
      return []
    }
  }

  #read(name: string): void {
    const open = this.#open.get(name)
    if (open === undefined && this.#isStillRefused(name)) return
    this.#attempt(name, () => {
      if (open === undefined) this.#open.set(name, new MeterFile(this.#dir, name))
      else open.refresh()
    })
  }

  #isStillRefused(name: string): boolean {
    const refusal = this.refused.get(name)
    if (refusal === undefined || refusal.reason === 'unreadable') return false
    return refusal.inode === inodeOf(join(this.#dir, name))
  }

  #attempt(name: string, read: () => void): boolean {
    try {
      read()
      this.refused.delete(name)
      return true
    } catch (error) {
      const refusal = refusalOf(error, join(this.#dir, name))
      this.close(name)
      if (refusal === undefined) this.refused.delete(name)
      else this.refused.set(name, refusal)
      return false
    }
  }
}
