import { ProcessParts } from '../../adapters/process-parts.js'
import { ThreadLabels } from '../../adapters/thread-labels.js'
import {
  add,
  FIGURES,
  figures,
  isSettled,
  type ThreadFigures,
  type ThreadSeries,
} from '../../adapters/thread-totals.js'
import type { CpuUsage } from '../../cpu/fallback.js'
import type { ThreadRole } from '../../cpu/roles.js'
import { STATE } from '../../meter/layout.js'
import { identityOfHeader, type OutsideIdentity } from './identity.js'
import { keyOf, processOf, type ThreadHeader } from './meters.js'
import { epochSeconds, exists, processStartOf } from './process-files.js'
import type { ProcessLook } from './process-look.js'
import type { WatchedThread } from './watched-thread.js'

/** What has been counted of one thread, and where. */
export interface CountedThread {
  series: ThreadSeries
  readonly last: ThreadFigures
  /** Its last figures are in: it never counts again. */
  ended: boolean
  /** For how many updates nothing has told of it. */
  missed: number
}

// A file that cannot be opened for a moment must not count anew when it is there again.
const FORGOTTEN_AFTER = 5

const LABELS_PER_PROCESS = 100
const MS_PER_SECOND = 1000
const NS_PER_MICRO = 1000

/**
 * Whether a thread that was not seen can be told to have ended: one that could not be seen, for want of
 * descriptors say, would count anew when it is seen again.
 */
function isGone(key: string, looks: readonly ProcessLook[]): boolean {
  const process = processOf(key)
  const look = looks.find((one) => one.key === process)
  if (look !== undefined) return look.presence !== 'hidden' && !look.isPartial
  const [pid, start] = process.split('.').map(Number) as [number, number]
  return !exists(pid) || differs(processStartOf(pid), start)
}

const differs = (a: number, b: number): boolean => a < b || a > b

/**
 * The counters of one process slot, over all processes that had it one after the other. None ever goes
 * down, and nothing is counted twice: what has been counted of each thread is kept with them until
 * nothing can tell of that thread any more.
 */
export class SlotTotals {
  readonly parts = new ProcessParts()
  readonly series = new Map<string, ThreadSeries>()
  /** By thread, in all time. */
  readonly counted = new Map<string, CountedThread>()
  /** What processes of this slot have used, as the kernel counts them, µs. */
  readonly total: CpuUsage = { user: 0, system: 0 }
  /** The part of `total` that is of live processes, by process. */
  readonly processes = new Map<string, CpuUsage>()

  #labels = new ThreadLabels(LABELS_PER_PROCESS)

  /**
   * Brings the counters up to the last looks.
   *
   * @param looks at the processes that have the slot
   * @param live headers of the threads that lived when the meter files were read
   * @param ended headers of the others
   */
  update(
    looks: readonly ProcessLook[],
    live: readonly ThreadHeader[],
    ended: readonly ThreadHeader[],
  ): void {
    const unsettled = { user: 0, system: 0 }
    const seen = new Set<string>()
    for (const look of looks) {
      this.#addProcess(look)
      for (const thread of look.threads.values()) {
        seen.add(thread.key)
        this.#addThread(thread, unsettled)
      }
    }
    // It has ended since the files were read: until it tells what it used, that would pass for used by
    // a thread that tells nothing.
    if (live.some((header) => !seen.has(keyOf(header)))) unsettled.user = Number.POSITIVE_INFINITY
    for (const header of ended) this.addEnded(header)
    this.#forget(looks, seen, [...live, ...ended])
    this.#forgetProcesses(looks)
    this.parts.update(this.total, unsettled, [...this.series.values()])
    if (this.processes.size === 0) this.#settle()
  }

  /** Takes over what a thread told at its end. Without effect when it has been done. */
  addEnded(header: ThreadHeader): void {
    if (header.state !== STATE.ended) return
    const identity = identityOfHeader(header)
    const key = keyOf(header)
    const counted = this.counted.get(key) ?? this.#count(key, this.#placeOfEnded(identity))
    if (counted.ended) return
    counted.ended = true
    const { finalUser, finalSystem } = header
    const whole = header.finalCpu / NS_PER_MICRO
    this.#advance(counted, {
      // The clock is exact to the nanosecond, its halves are cut down to whole µs.
      user: finalUser + Math.max(whole - finalUser - finalSystem, 0),
      system: finalSystem,
      runDelay: header.finalRunDelay,
      voluntary: header.finalVoluntary,
      involuntary: header.finalInvoluntary,
    })
  }

  /** Whether a thread's last figures are not in yet. */
  lacks(header: ThreadHeader): boolean {
    return header.state === STATE.ended && this.counted.get(keyOf(header))?.ended !== true
  }

  /** The counters that this thread counts in; undefined while it does not. */
  seriesOf(thread: WatchedThread): ThreadSeries | undefined {
    return this.counted.get(thread.key)?.series
  }

  /** Makes room for a label, as it was before. */
  restore(thread: string, role: ThreadRole, threadId: number | null): ThreadSeries {
    if (role === 'worker' || role === 'other') this.#labels.restore(role, thread)
    return this.#seriesFor(thread, role, threadId)
  }

  #addProcess({ key, figures: { user, system }, presence }: ProcessLook): void {
    const before = this.processes.get(key)
    if (before === undefined && presence !== 'present') return
    const last = before ?? { user: 0, system: 0 }
    this.processes.set(key, last)
    this.total.user += Math.max(user - last.user, 0)
    this.total.system += Math.max(system - last.system, 0)
    last.user = Math.max(user, last.user)
    last.system = Math.max(system, last.system)
  }

  #forget(
    looks: readonly ProcessLook[],
    seen: ReadonlySet<string>,
    headers: readonly ThreadHeader[],
  ): void {
    const listed = new Set(headers.map(keyOf))
    for (const [key, counted] of this.counted) {
      if (seen.has(key) || listed.has(key)) counted.missed = 0
      else if (isGone(key, looks) && ++counted.missed > FORGOTTEN_AFTER) this.counted.delete(key)
    }
  }

  #forgetProcesses(looks: readonly ProcessLook[]): void {
    for (const key of this.processes.keys()) {
      if (!looks.some((look) => look.key === key && look.presence !== 'gone')) {
        this.processes.delete(key)
      }
    }
  }

  /**
   * What the last figures of threads told beyond the process's last reading is of the process too: without it
   * the next process of the slot would seem to have used that much less.
   */
  #settle(): void {
    const { main, workers, helpers, exited } = this.parts
    this.total.user = main.user + workers.user + helpers.user + exited.user
    this.total.system = main.system + workers.system + helpers.system + exited.system
  }

  #addThread(thread: WatchedThread, unsettled: CpuUsage): void {
    const counted = this.counted.get(thread.key) ?? this.#begin(thread)
    if (counted === undefined) {
      unsettled.user += thread.used.user
      unsettled.system += thread.used.system
      return
    }
    if (counted.ended) return
    this.#place(counted, thread.identity)
    this.#advance(counted, thread.used)
  }

  #begin({ key, identity, start }: WatchedThread): CountedThread | undefined {
    const age = Date.now() - epochSeconds(start) * MS_PER_SECOND
    if (!isSettled(identity, age)) return undefined
    return this.#count(key, this.#placeOf(identity))
  }

  #count(key: string, series: ThreadSeries): CountedThread {
    const counted = { series, last: figures(0), ended: false, missed: 0 }
    this.counted.set(key, counted)
    return counted
  }

  #place(counted: CountedThread, identity: OutsideIdentity): void {
    const { series } = counted
    if (series.role === identity.role && series.thread === identity.label) return
    counted.series = this.#placeOf(identity)
  }

  #placeOf({ label, role, threadId }: OutsideIdentity): ThreadSeries {
    return this.#seriesFor(this.#labels.of({ role, name: label, threadId }), role, threadId)
  }

  /** No look saw it: it takes no label that one that can be watched may need. */
  #placeOfEnded({ label, role, threadId }: OutsideIdentity): ThreadSeries {
    const thread = role === 'worker' ? this.#labels.ofEnded(label) : role
    return this.#seriesFor(thread, role, threadId)
  }

  /** Neither half of the CPU time goes down, though the kernel may take from one to give to the other. */
  #advance({ series, last }: CountedThread, now: ThreadFigures): void {
    const total = now.user + now.system
    const grown = total - last.user - last.system
    if (grown >= 0) {
      const user = Math.min(Math.max(now.user - last.user, 0), grown)
      add(series, 'user', user)
      add(series, 'system', grown - user)
      last.user += user
      last.system += grown - user
    }
    for (const figure of FIGURES) {
      if (figure === 'user' || figure === 'system' || !(now[figure] >= last[figure])) continue
      add(series, figure, now[figure] - last[figure])
      last[figure] = now[figure]
    }
  }

  #seriesFor(thread: string, role: ThreadRole, threadId: number | null): ThreadSeries {
    const key = `${role} ${thread}`
    let series = this.series.get(key)
    if (series === undefined) {
      series = { thread, role, threadId, ...figures(Number.NaN) }
      this.series.set(key, series)
    }
    return series
  }
}
