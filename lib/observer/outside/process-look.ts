import { readdirSync, statSync } from 'node:fs'
import { STATE } from '../../meter/layout.js'
import { identityOfComm, identityOfHeader, readComm } from './identity.js'
import { processKey, type ThreadHeader } from './meters.js'
import {
  cpuOfStat,
  epochSeconds,
  exists,
  isOver,
  type ProcessFigures,
  readProcessFigures,
  readProcessStat,
  startOfStat,
} from './process-files.js'
import { readTask, TASK, TASK_FLAG } from './task-reader.js'
import { WatchedThread } from './watched-thread.js'

const NS_PER_MS = 1e6
const MICROS_PER_MS = 1e3

// Threads are made with the name of their maker and take their own a moment later.
const NAME_SETTLES_AFTER_SECONDS = 10

// Of a folder without threads: the folder itself and its entry in the one above.
const LINKS_OF_EMPTY = 2

/** How the last look at a process went. */
export type ProcessPresence = 'present' | 'gone' | 'hidden'

/** Repeated looks at all threads of one process through /proc/<pid>/task, whatever it runs. */
export class ProcessLook {
  readonly pid: number
  /** Clock ticks after boot. */
  readonly start: number
  readonly key: string
  presence: ProcessPresence = 'gone'
  /** Whether some of its threads could not be read in the last look, though they are there. */
  isPartial = false
  /** Live threads by tid, in the last look. */
  readonly threads = new Map<number, WatchedThread>()
  readonly figures: ProcessFigures = {
    user: 0,
    system: 0,
    residentBytes: Number.NaN,
    virtualBytes: Number.NaN,
    heapBytes: Number.NaN,
    openFds: Number.NaN,
    maxFds: Number.NaN,
  }

  #links = 0
  #firstComm = ''

  constructor(pid: number, start: number) {
    this.pid = pid
    this.start = start
    this.key = processKey(pid, start)
  }

  /**
   * Reads the process and its threads.
   *
   * @param headers of the process's meter files, by tid
   * @param now ms on the monotonic clock
   */
  take(headers: ReadonlyMap<number, ThreadHeader>, now: number): ProcessPresence {
    this.presence = this.#readProcess()
    this.isPartial = false
    if (this.presence !== 'present') {
      this.threads.clear()
      this.#links = 0
      return this.presence
    }
    if (!this.#readKnown() || !this.#listIsCurrent()) this.#list()
    for (const thread of this.threads.values()) this.#identify(thread, headers.get(thread.tid), now)
    return this.presence
  }

  /** Reads what is not CPU time. */
  readFigures(): void {
    readProcessFigures(this.pid, this.figures)
  }

  #readProcess(): ProcessPresence {
    // The total before the threads that it is made of: the other way round, what they use in between
    // would pass for used by ended threads.
    const stat = readProcessStat(this.pid)
    if (stat === undefined) return exists(this.pid) ? 'hidden' : 'gone'
    if (startOfStat(stat) !== this.start) return 'gone'
    // One that has ended and waits for its parent still shows all that it used.
    Object.assign(this.figures, cpuOfStat(stat))
    return isOver(stat) ? 'gone' : 'present'
  }

  /** False when one of the threads has ended. */
  #readKnown(): boolean {
    let complete = true
    for (const thread of this.threads.values()) {
      if (thread.read()) continue
      this.threads.delete(thread.tid)
      complete = false
    }
    return complete
  }

  /** The folder's links are its threads: they tell in one call that none has come or gone. */
  #listIsCurrent(): boolean {
    try {
      const { nlink } = statSync(`/proc/${this.pid}/task`)
      const same = nlink === this.#links && nlink - LINKS_OF_EMPTY === this.threads.size
      this.#links = nlink
      return same
    } catch {
      return false
    }
  }

  #list(): void {
    let names: string[]
    try {
      names = readdirSync(`/proc/${this.pid}/task`)
    } catch {
      this.presence = 'hidden'
      this.threads.clear()
      return
    }
    this.#firstComm = readComm(this.pid, this.pid)
    for (const name of names) {
      const tid = Number(name)
      if (!this.threads.has(tid)) this.#add(tid)
    }
  }

  #add(tid: number): void {
    const start = readTask(this.pid, tid, TASK_FLAG.stat)?.[TASK.start]
    if (start === undefined) return
    if (Number.isNaN(start)) {
      this.isPartial = true
      return
    }
    const comm = readComm(this.pid, tid)
    const identity = identityOfComm(comm, this.#firstComm, tid === this.pid)
    const thread = new WatchedThread(this, tid, start, identity)
    if (thread.read()) this.threads.set(tid, thread)
  }

  #identify(thread: WatchedThread, header: ThreadHeader | undefined, now: number): void {
    if (header === undefined || header.threadStart !== thread.start) {
      if (!thread.registered) this.#identifyByName(thread)
      return
    }
    // It has given its last figures: what it uses for its own end belongs to ended threads.
    if (header.state === STATE.ended) {
      this.threads.delete(thread.tid)
      return
    }
    if (!thread.registered) thread.identity = identityOfHeader(header)
    thread.registered = true
    const { user, system, runDelay } = thread.used
    const occupied = (user + system) / MICROS_PER_MS + (runDelay || 0) / NS_PER_MS
    thread.loop.update(header, now, occupied)
  }

  #identifyByName(thread: WatchedThread): void {
    const { tid, start, moved, identity } = thread
    if (!moved || identity.role !== 'other') return
    if (Date.now() / 1000 - epochSeconds(start) > NAME_SETTLES_AFTER_SECONDS) return
    thread.identity = identityOfComm(readComm(this.pid, tid), this.#firstComm, false)
  }
}
