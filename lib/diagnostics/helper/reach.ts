import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Channel } from '../channel/channel.js'
import type { InspectorRoute } from '../channel/inspector.js'
import type { CapturedThread, KernelView } from '../model.js'
import { Attempts } from './attempts.js'
import type { EngineParts } from './engine-options.js'

/** A thread that runs JavaScript, or none, answers within a few ms. */
const ANSWER_MS = 1000

// How long the kernel is watched at the end of that.
const VIEW_MS = 200

// From then on the way past the main thread is tried as well.
const DETOUR_MS = 300

// A thread that gets no processor cannot answer, and is in no native call for that.
const STARVED_MS = 5000
const STARVED_DELAY = 0.9
const STARVED_CPU = 0.01

interface Look {
  /** Who is in a native call: the thread, or the main thread where that is the only way to it. */
  readonly by: CapturedThread
  readonly kernel: KernelView
}

/** A thread that does not answer. */
export interface Blocked extends Look {
  /** The channel, when the call has returned. */
  readonly later: Promise<Channel>
  /** Gives up: closes what was opened. */
  abandon(): void
}

export type Reached = { readonly channel: Channel } | { readonly blocked: Blocked }

export interface Ways extends Pick<EngineParts, 'interrupts' | 'kernelView'> {
  readonly route: InspectorRoute
}

const isStarved = ({ state, cpu, runDelay }: KernelView): boolean =>
  state === 'R' && (runDelay ?? 0) > STARVED_DELAY && (cpu ?? 1) < STARVED_CPU

/**
 * Opens a channel to the thread and finds out whether it answers.
 *
 * @param isSaved whether there will be something to be taken when the thread ends
 */
export async function reach(
  thread: CapturedThread,
  ways: Ways,
  isSaved: boolean,
): Promise<Reached> {
  return new Reaching(thread, ways).begin(isSaved)
}

class Reaching {
  readonly #thread: CapturedThread
  readonly #ways: Ways
  readonly #attempts = new Attempts()
  readonly #release: () => void
  /** Whether the thread has been asked: a main thread in a native call passes nothing on. */
  #isAsked: boolean

  constructor(thread: CapturedThread, ways: Ways) {
    this.#thread = thread
    this.#ways = ways
    this.#isAsked = thread.role === 'main'
    this.#release = ways.route.lease()
  }

  async begin(isSaved: boolean): Promise<Reached> {
    const watching = new AbortController()
    const detour = setTimeout(() => this.#tryInterrupt(), DETOUR_MS)
    this.#attempts.add(this.#ways.route.open(this.#thread, isSaved))
    if (this.#thread.role === 'worker') this.#watchMain()
    const answered = this.#attempts.first.finally(this.#release)
    try {
      return await Promise.race([
        answered.then((channel) => ({ channel })),
        this.#watch(watching.signal).then((look) => this.#blocked(look, answered)),
      ])
    } finally {
      clearTimeout(detour)
      watching.abort()
    }
  }

  #watchMain(): void {
    const answered = () => {
      this.#isAsked = true
    }
    this.#ways.route.askMain().then(answered, () => {})
  }

  /** Past a main thread that is in a native call. */
  #tryInterrupt(): void {
    const { interrupts } = this.#ways
    const { tid, role } = this.#thread
    if (role === 'main' || tid === null || !interrupts.canInterrupt(tid)) return
    this.#attempts.add(interrupts.openInterruptChannel(this.#thread))
    this.#isAsked = true
  }

  /** Resolves when the thread can only be in a native call, with what is known of that. */
  async #watch(signal: AbortSignal): Promise<Look> {
    const begin = performance.now()
    await sleep(ANSWER_MS - VIEW_MS, undefined, { signal })
    for (;;) {
      const look = await this.#look()
      // This thread may itself have been late: what has come in meanwhile counts.
      await nextTurn(undefined, { signal })
      if (look.by !== this.#obstacle) continue
      if (isStarved(look.kernel) && performance.now() - begin < STARVED_MS) continue
      return look
    }
  }

  /** Who is asked and has not answered. */
  get #obstacle(): CapturedThread {
    return this.#isAsked ? this.#thread : this.#ways.route.origin.main
  }

  async #look(): Promise<Look> {
    const by = this.#obstacle
    return { by, kernel: await this.#ways.kernelView(by.pid, by.tid, VIEW_MS) }
  }

  #blocked(look: Look, later: Promise<Channel>): Reached {
    later.catch(() => {})
    const abandon = () => {
      this.#attempts.abandon()
      this.#release()
    }
    return { blocked: { ...look, later, abandon } }
  }
}
