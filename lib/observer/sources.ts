import type { MeterHeader } from '../meter/layout-header.js'
import { ownProcess } from '../meter/liveness.js'
import { type MergedFamily, MeterService } from '../meter/service.js'
import {
  type MeterSource,
  Outside,
  type OutsideFamily,
  type ServiceThread,
} from './outside/index.js'

/** All that is known of a service at one time. It holds until the next reading. */
export interface Reading {
  /** What threads tell about themselves. */
  readonly merged: readonly MergedFamily[]
  /** What is seen from outside. */
  readonly outside: readonly OutsideFamily[]
  readonly threads: readonly ServiceThread[]
  readonly hasDirectory: boolean
  /** Headers of meter files of live threads. */
  readonly live: readonly MeterHeader[]
  /** Meter files of threads that ended. */
  readonly ended: number
  readonly problems: readonly (readonly [reason: string, count: number])[]
  readonly hidden: number
}

const NO_METERS: MeterSource = { meters: [], ended: [] }

/** Where the figures of a service come from: meter files where there are some, and the kernel. */
export class Sources {
  readonly #service: MeterService | undefined
  readonly #outside: Outside
  readonly #onError: () => void

  /** @param onError called for each step that failed: what it would have told is left out */
  constructor(directory: string | undefined, onError: () => void) {
    this.#onError = onError
    if (directory === undefined) {
      const { pid, processStart: start } = ownProcess()
      this.#outside = new Outside({ pids: start === 0 ? [] : [{ pid, start }] })
    } else {
      this.#outside = new Outside({ directory })
      this.#service = new MeterService(directory, { onEnded: () => this.#settle() })
    }
  }

  read(): Reading {
    const service = this.#service
    this.#try(() => service?.refresh())
    const seen = this.#try(() => this.#outside.collect(service ?? NO_METERS))
    const problems: (readonly [string, number])[] = [...(service?.problems ?? [])]
    if (seen !== undefined && seen.problem !== '') problems.push(['counters-not-kept', 1])
    if (seen !== undefined && seen.unmetered > 0) problems.push(['no-meter-file', seen.unmetered])
    return {
      merged: this.#try(() => service?.merged()) ?? [],
      outside: seen?.families ?? [],
      get threads() {
        return seen?.threads ?? []
      },
      hasDirectory: service !== undefined,
      live: service?.meters.map(({ header }) => header) ?? [],
      ended: service?.ended.length ?? 0,
      problems,
      hidden: seen?.hidden ?? 0,
    }
  }

  /**
   * Folds what ended threads left, where no other observer does: of how many. Looks at threads that nobody
   * has looked at for some seconds.
   */
  fold(): number {
    const service = this.#service
    if (service === undefined) return 0
    const leads = service.lead()
    const folded = this.#try(() => (leads ? service.fold() : service.refresh())) ?? 0
    this.#settle()
    return folded
  }

  close(): void {
    this.#service?.close()
  }

  /** What the kernel says of ended threads is to be told by their files alone, which go when they are folded. */
  #settle(): void {
    const service = this.#service
    if (service !== undefined) this.#try(() => this.#outside.settle(service))
  }

  #try<T>(step: () => T): T | undefined {
    try {
      return step()
    } catch {
      this.#onError()
      return undefined
    }
  }
}
