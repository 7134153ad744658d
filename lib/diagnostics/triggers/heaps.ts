import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ownProcess } from '../../meter/liveness.js'
import { MeterReader } from '../../meter/reader.js'
import { native } from '../../native.js'

/** What a thread told last of its V8 heap, in bytes. */
export interface HeapUse {
  readonly used: number
  readonly limit: number
}

const USED = 'nodejs_thread_heap_used_bytes'
const LIMIT = 'nodejs_thread_heap_limit_bytes'

// Threads come and go, and files are replaced by larger ones; what they tell is a second old anyway.
const LOOK_MS = 1000

/** An open file, and where in it the figures stand. */
class HeapFile {
  readonly #reader: MeterReader
  #revision = -1
  #used = -1
  #limit = -1

  constructor(path: string) {
    this.#reader = MeterReader.open(path)
  }

  get tid(): number {
    return this.#reader.header.tid
  }

  read(): HeapUse | undefined {
    this.#reader.refresh()
    this.#find()
    const used = this.#reader.values[this.#used]
    const limit = this.#reader.values[this.#limit]
    return used === undefined || limit === undefined ? undefined : { used, limit }
  }

  close(): void {
    this.#reader.close()
  }

  #find(): void {
    if (this.#revision === this.#reader.revision) return
    this.#revision = this.#reader.revision
    this.#used = this.#placeOf(USED)
    this.#limit = this.#placeOf(LIMIT)
  }

  #placeOf(name: string): number {
    const { families, series } = this.#reader
    for (const { family, index } of series.values()) {
      if (families.get(family)?.name === name) return index
    }
    return -1
  }
}

/**
 * The heaps of this process's threads, out of the meter files that they keep: no thread is asked. Once a
 * second, however often one looks.
 */
export class Heaps {
  #files = new Map<string, HeapFile>()
  #byTid = new Map<number, HeapUse>()
  #lookedAt = Number.NEGATIVE_INFINITY

  /** @param now ms on the monotonic clock */
  look(now: number): void {
    if (now - this.#lookedAt < LOOK_MS) return
    this.#lookedAt = now
    this.#byTid.clear()
    const directory = native?.runtimeDirectory() ?? ''
    const names = new Set(directory === '' ? [] : ownMeterFiles(directory))
    for (const name of this.#files.keys()) if (!names.has(name)) this.#drop(name)
    for (const name of names) this.#read(directory, name)
  }

  /** Undefined where the thread keeps no file, or not these figures. */
  of(tid: number): HeapUse | undefined {
    return this.#byTid.get(tid)
  }

  close(): void {
    for (const name of [...this.#files.keys()]) this.#drop(name)
    this.#byTid.clear()
    this.#lookedAt = Number.NEGATIVE_INFINITY
  }

  #read(directory: string, name: string): void {
    try {
      const file = this.#files.get(name) ?? new HeapFile(join(directory, name))
      this.#files.set(name, file)
      const heap = file.read()
      if (heap !== undefined) this.#byTid.set(file.tid, heap)
    } catch {
      // Gone between the listing and now, or being replaced: the next look opens it anew.
      this.#drop(name)
    }
  }

  #drop(name: string): void {
    this.#files.get(name)?.close()
    this.#files.delete(name)
  }
}

function ownMeterFiles(directory: string): string[] {
  const { pid, processStart } = ownProcess()
  try {
    return readdirSync(directory).filter(
      (name) => name.startsWith(`${pid}-${processStart}-`) && name.endsWith('.meter'),
    )
  } catch {
    return []
  }
}
