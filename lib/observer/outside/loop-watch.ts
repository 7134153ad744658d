import type { ThreadHeader } from './meters.js'

// A timer that is due is late by a little in a loop in good health.
const OVERDUE_INTERVALS = 1.5

/**
 * What the stamps of a thread tell about its event loop. Times in ms on the monotonic clock. A stamp that is
 * overdue means that the turn that was running when it was due has not ended: so a blocked loop
 * shows while it is blocked, though nothing but the loop itself writes the stamps.
 */
export class LoopWatch {
  /** Share of the last stamps' distance in which the loop did not wait for events; NaN before two stamps. */
  utilization = Number.NaN
  /** Share of that distance in which the loop was held, and the thread neither ran nor wanted to. */
  held = Number.NaN
  /** ms for which the stamp is overdue; 0 when it is not, NaN without any stamp. */
  stalled = Number.NaN

  #stamp = 0
  #idle = 0
  /** ms of running and waiting for a processor, at the last look before the stamp was seen. */
  #occupiedBefore = 0
  #occupiedAtLook = 0

  /**
   * Takes the stamp in the header over.
   *
   * @param now ms on the monotonic clock
   * @param occupied ms for which the thread has run or waited for a processor, since its start
   */
  update(header: ThreadHeader, now: number, occupied: number): void {
    const { loopStamp, loopIdle, loopInterval } = header
    if (!(loopStamp > 0 && loopInterval > 0)) return
    if (loopStamp > this.#stamp) this.#advance(loopStamp, loopIdle, occupied)
    this.#occupiedAtLook = occupied
    const age = now - this.#stamp
    this.stalled = age > loopInterval * OVERDUE_INTERVALS ? age - loopInterval : 0
  }

  /** Utilization over the last `window` ms, a turn that has not ended included. */
  utilizationOver(window: number): number {
    if (!(this.stalled > 0)) return this.utilization
    const share = Math.min(this.stalled / window, 1)
    return share + (1 - share) * (Number.isNaN(this.utilization) ? 1 : this.utilization)
  }

  /**
   * The share of the last `window` ms in which the loop was in a turn, for a verdict.
   *
   * @param occupied the share in which the thread ran or waited for a processor
   */
  activeOver(window: number, occupied: number): number {
    if (Number.isNaN(this.stalled)) return Number.NaN
    if (this.stalled > 0) return Math.max(Math.min(this.stalled / window, 1), occupied)
    return occupied + (Number.isNaN(this.held) ? 0 : this.held)
  }

  /**
   * Stamps and looks are taken at different times. What the thread did between two stamps is compared
   * with all that it did between the looks around them, so that a loop which was busy just before
   * a look does not pass for one that was held.
   */
  #advance(stamp: number, idle: number, occupied: number): void {
    if (this.#stamp > 0) {
      const distance = stamp - this.#stamp
      const active = Math.min(Math.max(distance - (idle - this.#idle), 0), distance)
      this.utilization = active / distance
      this.held = Math.max(active - (occupied - this.#occupiedBefore), 0) / distance
    }
    this.#stamp = stamp
    this.#idle = idle
    this.#occupiedBefore = this.#occupiedAtLook
  }
}
