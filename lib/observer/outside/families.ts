import { PROCESS_PARTS } from '../../adapters/process-parts.js'
import { THREAD_FAMILIES, type ThreadFamily } from '../../adapters/thread-families.js'
import type { ThreadSeries } from '../../adapters/thread-totals.js'
import { THREAD_ROLES } from '../../cpu/roles.js'
import { VERDICTS } from '../../cpu/verdict.js'
import { FamilyRows, type OutsideFamily } from './family-rows.js'
import { LabelRates } from './label-rates.js'
import { epochSeconds } from './process-files.js'
import type { ProcessLook } from './process-look.js'
import type { SlotTotals } from './slot-totals.js'
import type { ThreadRates } from './thread-rates.js'

/** One process slot: its counters, and the processes that have it now. */
export interface ObservedSlot {
  readonly slot: number
  readonly totals: SlotTotals
  readonly looks: readonly ProcessLook[]
}

const NS_PER_MICRO = 1e3
const NS_PER_SECOND = 1e9
const MS_PER_SECOND = 1e3

// To whole ns: what comes after is of the arithmetic.
const secondsOf = (micros: number): number => Math.round(micros * NS_PER_MICRO) / NS_PER_SECOND

const ofProcess = (
  name: string,
  help: string,
  type: 'counter' | 'gauge' = 'gauge',
): ThreadFamily => ({ name, help, type, aggregator: 'sum', labelNames: [] })

const PROCESS_FAMILIES = {
  user: ofProcess(
    'process_cpu_user_seconds_total',
    'CPU time of the process in user code.',
    'counter',
  ),
  system: ofProcess(
    'process_cpu_system_seconds_total',
    'CPU time of the process in the kernel.',
    'counter',
  ),
  total: ofProcess('process_cpu_seconds_total', 'CPU time of the process.', 'counter'),
  start: ofProcess(
    'process_start_time_seconds',
    'When the process was started, since the Unix epoch.',
  ),
  resident: ofProcess('process_resident_memory_bytes', 'Memory of the process that is in RAM.'),
  virtual: ofProcess('process_virtual_memory_bytes', 'Address space of the process.'),
  heap: ofProcess('process_heap_bytes', 'Data segment of the process.'),
  openFds: ofProcess('process_open_fds', 'Open file descriptors.'),
  maxFds: ofProcess('process_max_fds', 'Most file descriptors that the process may open.'),
}

const STALLED: ThreadFamily = {
  name: 'nodejs_thread_event_loop_stalled_seconds',
  help: 'For how long the event loop has been overdue, because its current turn has not ended; the longest where several threads share a label.',
  type: 'gauge',
  aggregator: 'average',
  labelNames: ['thread', 'role'],
}

const rowsOf = <Key extends string>(
  families: Readonly<Record<Key, ThreadFamily>>,
): Record<Key, FamilyRows> =>
  Object.fromEntries(
    Object.entries<ThreadFamily>(families).map(([key, family]) => [key, new FamilyRows(family)]),
  ) as Record<Key, FamilyRows>

/** The families that are read from outside, one set of rows for all processes. */
export class OutsideFamilies {
  #thread = rowsOf({ ...THREAD_FAMILIES, stalled: STALLED })
  #process = rowsOf(PROCESS_FAMILIES)
  #all: readonly FamilyRows[] = [...Object.values(this.#thread), ...Object.values(this.#process)]

  /** The families that have anything to show. */
  get shown(): readonly OutsideFamily[] {
    return this.#all.filter(({ series }) => series.length > 0)
  }

  /**
   * Renews all rows.
   *
   * @param several whether to tell processes apart by a label
   */
  update(slots: readonly ObservedSlot[], rates: ThreadRates, several: boolean): void {
    for (const rows of this.#all) rows.begin()
    for (const observed of slots) {
      const slot = several ? observed.slot : null
      for (const series of observed.totals.series.values()) this.#counters(slot, series)
      // Where nothing could be read yet there is nothing to show, and not 0.
      if (observed.totals.series.size > 0) this.#parts(slot, observed.totals)
      if (observed.looks.length > 0) this.#live(slot, observed, rates)
    }
    for (const rows of this.#all) rows.end()
  }

  #counters(slot: number | null, series: ThreadSeries): void {
    const { thread, role, user, system, runDelay, voluntary, involuntary } = series
    const rows = this.#thread
    rows.cpu.set(slot, [thread, role, 'user'], secondsOf(user))
    rows.cpu.set(slot, [thread, role, 'system'], secondsOf(system))
    rows.runDelay.set(slot, [thread, role], runDelay / NS_PER_SECOND)
    rows.contextSwitches.set(slot, [thread, role, 'voluntary'], voluntary)
    rows.contextSwitches.set(slot, [thread, role, 'involuntary'], involuntary)
  }

  #parts(slot: number | null, { parts }: SlotTotals): void {
    const total = { user: 0, system: 0 }
    for (const part of PROCESS_PARTS) {
      const { user, system } = parts[part]
      this.#thread.processCpu.set(slot, [part, 'user'], secondsOf(user))
      this.#thread.processCpu.set(slot, [part, 'system'], secondsOf(system))
      total.user += user
      total.system += system
    }
    this.#process.user.set(slot, [], secondsOf(total.user))
    this.#process.system.set(slot, [], secondsOf(total.system))
    this.#process.total.set(slot, [], secondsOf(total.user + total.system))
  }

  /** What is of the processes that run now. */
  #live(slot: number | null, { looks, totals }: ObservedSlot, rates: ThreadRates): void {
    const live = new Map(THREAD_ROLES.map((role) => [role, 0]))
    const byLabel = new Map<ThreadSeries, LabelRates>()
    for (const look of looks) {
      for (const thread of look.threads.values()) {
        const { role } = thread.identity
        live.set(role, (live.get(role) ?? 0) + 1)
        const series = totals.seriesOf(thread)
        if (series === undefined) continue
        const sum = byLabel.get(series) ?? new LabelRates()
        byLabel.set(series, sum)
        sum.add(thread, rates.rates.get(thread.key))
      }
      this.#figures(slot, look)
    }
    for (const [role, count] of live) this.#thread.threads.set(slot, [role], count)
    for (const [{ thread, role }, label] of byLabel) this.#rates(slot, [thread, role], label)
  }

  #rates(slot: number | null, labels: readonly string[], label: LabelRates): void {
    const rows = this.#thread
    rows.eventLoopUtilization.set(slot, labels, label.eventLoopUtilization)
    rows.stalled.set(slot, labels, label.stalled / MS_PER_SECOND)
    if (!label.hasStates) return
    for (const verdict of VERDICTS) {
      rows.state.set(slot, [...labels, verdict], label.states[verdict])
    }
  }

  #figures(slot: number | null, { start, figures }: ProcessLook): void {
    const rows = this.#process
    rows.start.set(slot, [], epochSeconds(start))
    rows.resident.set(slot, [], figures.residentBytes)
    rows.virtual.set(slot, [], figures.virtualBytes)
    rows.heap.set(slot, [], figures.heapBytes)
    rows.openFds.set(slot, [], figures.openFds)
    rows.maxFds.set(slot, [], figures.maxFds)
  }
}
