import type { CpuUsage } from '../cpu/fallback.js'
import type { ThreadRole } from '../cpu/roles.js'
import type { ThreadSeries } from './thread-totals.js'

/** What the CPU time of the process was used by; every part only ever grows. */
export const PROCESS_PARTS = ['main', 'workers', 'helpers', 'exited'] as const

export type ProcessPart = (typeof PROCESS_PARTS)[number]

const partOf = (role: ThreadRole): ProcessPart =>
  role === 'main' ? 'main' : role === 'worker' ? 'workers' : 'helpers'

const clamp = (value: number, low: number, high: number): number =>
  Math.min(Math.max(value, low), high)

/**
 * The parts of the process's CPU time in µs. What live threads and registered ones that ended used is in
 * the part of their role; `exited` is the rest: threads that nobody saw and that did not register.
 */
export class ProcessParts {
  readonly main: CpuUsage = { user: 0, system: 0 }
  readonly workers: CpuUsage = { user: 0, system: 0 }
  readonly helpers: CpuUsage = { user: 0, system: 0 }
  readonly exited: CpuUsage = { user: 0, system: 0 }

  /** Brings the parts up to the counters of all threads. */
  update(total: CpuUsage, unsettled: CpuUsage, series: readonly ThreadSeries[]): void {
    for (const part of [this.main, this.workers, this.helpers]) part.user = part.system = 0
    const rest = { user: total.user - unsettled.user, system: total.system - unsettled.system }
    for (const { role, user, system } of series) {
      // A label that was only ever given run-queue delay has no CPU time yet.
      const part = this[partOf(role)]
      part.user += user || 0
      part.system += system || 0
      rest.user -= user || 0
      rest.system -= system || 0
    }
    this.#advanceExited(rest)
  }

  /** The rest is a difference of readings some µs apart, and its halves are sampled: neither goes down. */
  #advanceExited(rest: CpuUsage): void {
    const { exited } = this
    const sum = Math.max(rest.user + rest.system, exited.user + exited.system)
    exited.user = clamp(rest.user, exited.user, sum - exited.system)
    exited.system = sum - exited.user
  }
}
