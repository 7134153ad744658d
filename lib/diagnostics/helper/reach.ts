import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Channel } from '../channel/channel.js'
import type { InspectorRoute } from '../channel/inspector.js'
import type { CapturedThread, CaptureKind, CaptureRoute, KernelView } from '../model.js'
import { Attempts, ask } from './attempts.js'
import type { EngineParts } from './engine-options.js'
import { within } from './within.js'

/** A thread that runs JavaScript, or none, answers within a few ms. */
const ANSWER_MS = 1000

// How long the kernel is watched at the end of that.
const VIEW_MS = 200

// From then on the other way is tried as well.
const DETOUR_MS = 300

// When both ways have an answer, it comes at the same moment: a thread that only the inspector still
// reaches is one that a debugger has paused.
const GRACE_MS = 200

/**
 * What runs JavaScript in the thread. A termination that hits it (`worker.terminate()`, the time-out of a
 * script) is lost on the inspector's way, where V8 takes it for the end of what was evaluated: the thread runs
 * on for ever. An interrupt passes it on.
 */
const EVALUATING: ReadonlySet<CaptureKind> = new Set(['stack', 'heap-snapshot', 'gc-profile'])

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
  readonly later: Promise<Way>
  /** By which it was asked first. */
  readonly route: CaptureRoute
  /** Gives up: closes what was opened. */
  abandon(): void
}

/** A way to a thread that answers. */
export interface Way {
  readonly channel: Channel
  /** For what runs JavaScript, where that is another one. */
  readonly evaluator?: Channel
}

/** Not waited for: it takes as long as the thread needs to let go. */
export function closeWay({ channel, evaluator }: Way): void {
  void channel.close()
  void evaluator?.close()
}

export type Reached = Way | { readonly blocked: Blocked }

export interface Ways extends Pick<EngineParts, 'interrupts' | 'kernelView'> {
  readonly route: InspectorRoute
}

const isStarved = ({ state, cpu, runDelay }: KernelView): boolean =>
  state === 'R' && (runDelay ?? 0) > STARVED_DELAY && (cpu ?? 1) < STARVED_CPU

/** Opens a channel to the thread for a capture of the kind, and finds out whether it answers. */
export async function reach(
  thread: CapturedThread,
  ways: Ways,
  kind: CaptureKind,
): Promise<Reached> {
  return new Reaching(thread, ways, kind).begin()
}

class Reaching {
  readonly #thread: CapturedThread
  readonly #ways: Ways
  readonly #attempts: Attempts
  readonly #release: () => void
  readonly #canInterrupt: boolean
  /** Whether interrupts come first. */
  readonly #isEvaluating: boolean
  /** Whether there will be something to be taken when the thread ends. */
  readonly #isSaved: boolean
  /** Whether the thread has been asked: a main thread in a native call passes nothing on. */
  #isAsked: boolean

  constructor(thread: CapturedThread, ways: Ways, kind: CaptureKind) {
    const { tid, role } = thread
    this.#thread = thread
    this.#ways = ways
    this.#canInterrupt = tid !== null && ways.interrupts.canInterrupt(tid)
    this.#isEvaluating = this.#canInterrupt && EVALUATING.has(kind)
    this.#isSaved = kind.endsWith('profile')
    this.#attempts = new Attempts(this.#canInterrupt ? 2 : 1)
    this.#isAsked = role === 'main'
    this.#release = ways.route.lease()
  }

  async begin(): Promise<Reached> {
    const watching = new AbortController()
    const endDetour = this.#try()
    const answered = this.#attempts.first.finally(this.#release)
    const found = answered.then((channel) => this.#wayOf(channel))
    try {
      return await Promise.race([
        found,
        this.#watch(watching.signal).then((look) => this.#blocked(look, found)),
      ])
    } finally {
      endDetour()
      watching.abort()
    }
  }

  /** Tries one way, and the other one when that has failed or takes long; returns how to leave it at that. */
  #try(): () => void {
    const order = [() => this.#tryInspector(detour), () => this.#tryInterrupt(detour)]
    const [first, second] = this.#isEvaluating ? order.reverse() : order
    const detour = () => {
      clearTimeout(timer)
      if (isLeft || !this.#canInterrupt) return
      isLeft = true
      second?.()
    }
    let isLeft = false
    const timer = setTimeout(detour, DETOUR_MS)
    first?.()
    return () => clearTimeout(timer)
  }

  #tryInspector(onFailure: () => void): void {
    const opening = this.#ways.route.open(this.#thread, this.#isSaved)
    this.#attempts.add(opening, this.#isEvaluating ? GRACE_MS : 0, onFailure)
    if (this.#thread.role === 'worker') this.#watchMain()
  }

  #tryInterrupt(onFailure: () => void): void {
    this.#attempts.add(this.#ways.interrupts.openInterruptChannel(this.#thread), 0, onFailure)
    this.#isAsked = true
  }

  /** Profiles stay with the inspector, which saves what there is when a thread is terminated. */
  async #wayOf(channel: Channel): Promise<Way> {
    if (!this.#canInterrupt || channel.route === 'interrupt') return { channel }
    const evaluator = await this.#evaluator().catch(() => undefined)
    return evaluator === undefined ? { channel } : { channel, evaluator }
  }

  async #evaluator(): Promise<Channel | undefined> {
    const evaluator = await this.#ways.interrupts.openInterruptChannel(this.#thread)
    const answered = ask(evaluator).then(() => true)
    const isThere = await within(GRACE_MS, answered, new AbortController().signal).catch(
      () => false,
    )
    if (isThere) return evaluator
    void evaluator.close()
    return undefined
  }

  #watchMain(): void {
    const answered = () => {
      this.#isAsked = true
    }
    this.#ways.route.askMain().then(answered, () => {})
  }

  /** Resolves when the thread can only be in a native call, with what is known of that. */
  async #watch(signal: AbortSignal): Promise<Look> {
    const begin = performance.now()
    await sleep(ANSWER_MS - VIEW_MS, undefined, { signal })
    for (;;) {
      const look = await this.#look()
      // This thread may itself have been late: what has come in meanwhile counts.
      await nextTurn(undefined, { signal })
      if (this.#attempts.hasAnswered || look.by !== this.#obstacle) continue
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

  #blocked(look: Look, later: Promise<Way>): Reached {
    const route = this.#isEvaluating ? 'interrupt' : this.#ways.route.origin.route
    const abandon = () => {
      this.#attempts.abandon()
      this.#release()
      // It may have answered at this very moment.
      later.then(closeWay, () => {})
    }
    return { blocked: { ...look, later, route, abandon } }
  }
}
