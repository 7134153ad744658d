import { type Transferable, Worker } from 'node:worker_threads'
import { ownEnvironment } from '../../observer/own-environment.js'

const NAME = 'threadmeter-diagnostics'
const FIRST_DELAY_MS = 100
const LAST_DELAY_MS = 10_000
/** A thread that has worked for so long is well again. */
const HEALTHY_MS = 60_000
const MOST_FAILURES = 3

/** Bounds what captures may take on their way through the thread. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 16 }

/** Whose thread it is. */
export interface ThreadOwner {
  /** What each thread begins with; the one before, if there was one, has ended. */
  equip(): { readonly data: unknown; readonly transfer: readonly Transferable[] }
  /** Whether another thread is of use when one has ended. */
  wantsThread(): boolean
  /** Called when threads keep failing. */
  giveUp(error: unknown): void
}

/** Keeps a thread of the helper's own running. It never keeps the process alive. */
export class OwnThread {
  readonly #owner: ThreadOwner
  #delay = FIRST_DELAY_MS
  #startedAt = 0
  #failures = 0
  #error: unknown

  constructor(owner: ThreadOwner) {
    this.#owner = owner
  }

  launch(): void {
    this.#startedAt = performance.now()
    try {
      this.#watch(this.#make())
    } catch (error) {
      this.#owner.giveUp(error)
    }
  }

  /** Here threads can work: whichever fails from now on is started again. */
  works(): void {
    this.#failures = Number.NEGATIVE_INFINITY
  }

  #make(): Worker {
    const { data, transfer } = this.#owner.equip()
    return new Worker(new URL('./worker.js', import.meta.url), {
      name: NAME,
      workerData: data,
      transferList: [...transfer],
      execArgv: [],
      env: ownEnvironment(),
      resourceLimits: RESOURCE_LIMITS,
    })
  }

  #watch(worker: Worker): void {
    worker.unref()
    worker.on('error', (error) => {
      this.#error = error
    })
    worker.once('exit', () => this.#exited())
  }

  #exited(): void {
    if (!this.#owner.wantsThread()) return
    if (++this.#failures === MOST_FAILURES) {
      this.#owner.giveUp(this.#error)
      return
    }
    if (performance.now() - this.#startedAt > HEALTHY_MS) this.#delay = FIRST_DELAY_MS
    setTimeout(() => this.launch(), this.#delay).unref()
    this.#delay = Math.min(this.#delay * 2, LAST_DELAY_MS)
  }
}
