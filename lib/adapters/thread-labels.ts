import type { ThreadIdentity } from '../cpu/look.js'
import { isNumbered, poolOf } from '../meter/thread-name.js'

/** Who a thread is, as far as its label goes. */
export type Labelled = Pick<ThreadIdentity, 'role' | 'name' | 'threadId'>

/** Whether a worker got its name from its `threadId` alone. */
export const isUnnamedWorker = ({ role, name, threadId }: Labelled): boolean =>
  role === 'worker' && name === `worker-${threadId}`

/**
 * The label under which a thread counts. What is granted once stays granted, so there are never more
 * than `budget` labels beside those of the roles, however many threads come and go.
 */
export class ThreadLabels {
  #granted = new Set<string>()
  #budget: number
  #numberedBudget: number

  constructor(budget: number) {
    this.#budget = budget
    // Numbered names may be new for every thread. What is left of the budget is for pools' names, so
    // that churn cannot push out the one label that would tell what churns.
    this.#numberedBudget = Math.ceil((budget * 3) / 4)
  }

  /** Takes over what was granted before this object was made. */
  restore(role: 'worker' | 'other', label: string): void {
    if (label !== role) this.#granted.add(`${role} ${label}`)
  }

  /** The label of a live thread. */
  of({ role, name, threadId }: Labelled): string {
    switch (role) {
      case 'worker':
        // Without a threadId it has not loaded threadmeter: nobody but itself knows its name.
        if (threadId === null) return role
        return this.#grant(role, name) ? name : this.ofEnded(name)
      case 'other':
        return this.#ofOther(poolOf(name))
      default:
        return role
    }
  }

  /**
   * The label of workers of that name that ended, for what no look saw of them. They take no number of
   * the budget: it is for threads that can be watched.
   */
  ofEnded(name: string): string {
    if (this.#isGranted('worker', name)) return name
    const pool = poolOf(name)
    return pool !== '' && this.#grant('worker', pool) ? pool : 'worker'
  }

  #ofOther(pool: string): string {
    return pool !== '' && this.#grant('other', pool) ? pool : 'other'
  }

  #isGranted(role: 'worker' | 'other', label: string): boolean {
    return this.#granted.has(`${role} ${label}`)
  }

  #grant(role: 'worker' | 'other', label: string): boolean {
    if (label === role || this.#isGranted(role, label)) return true
    const budget = isNumbered(label) ? this.#numberedBudget : this.#budget
    if (this.#granted.size >= budget) return false
    this.#granted.add(`${role} ${label}`)
    return true
  }
}
