import { ThreadmeterError } from '../../errors.js'
import { nativeStack } from '../capture/stack-report.js'
import { threadText } from '../channel/conversation.js'
import type { CaptureContent, CaptureContext } from '../engine.js'
import { describeKernelView } from '../kernel/describe.js'
import type { OpenWindow } from '../kernel/window.js'
import type {
  CapturedThread,
  CaptureKind,
  CaptureRequest,
  CaptureRoute,
  KernelView,
  ProgressEvent,
} from '../model.js'
import type { Queues } from './queues.js'
import { type Blocked, closeWay, reach, type Way, type Ways } from './reach.js'
import type { Surroundings } from './surroundings.js'
import { within } from './within.js'

// After an abort what there is still comes: from a thread that is in a native call it does not.
const ABORT_MS = 5000

/** Beyond the window: a profile is handed over when a native call in which it ended returns. */
const SLACK_SECONDS: Readonly<Record<CaptureKind, number>> = {
  stack: 15,
  'cpu-profile': 120,
  'heap-profile': 120,
  'heap-snapshot': 1800,
  'gc-profile': 120,
}

// From the first answer on. To begin a profile of a large program may take half a second.
const STACK_MS = 1000
const BEGIN_MS = 5000

/** The lane of all threads' snapshots. */
const SNAPSHOTS = 'snapshots'

const isProfile = ({ kind }: CaptureRequest): boolean => kind.endsWith('profile')

const limitSeconds = (request: CaptureRequest): number =>
  SLACK_SECONDS[request.kind] + (isProfile(request) ? request.seconds : 0)

function blockedError(
  { by, kernel }: Pick<Blocked, 'by' | 'kernel'>,
  { writing }: Queues,
): ThreadmeterError {
  const view = describeKernelView(kernel)
  const what = writing.has(by.threadId) ? `it is writing a heap snapshot (${view})` : view
  const error = new ThreadmeterError('ERR_THREADMETER_THREAD_BLOCKED', [threadText(by), what])
  return Object.assign(error, { details: kernel })
}

/** One capture of one thread, from its place in the queue to what it brings. */
export class Job {
  readonly #thread: CapturedThread
  readonly #request: CaptureRequest
  readonly #context: CaptureContext
  readonly #surroundings: Surroundings

  constructor(
    thread: CapturedThread,
    request: CaptureRequest,
    context: CaptureContext,
    surroundings: Surroundings,
  ) {
    this.#thread = thread
    this.#request = request
    this.#context = context
    this.#surroundings = surroundings
  }

  async run(ways: Ways, queues: Queues): Promise<CaptureContent> {
    const { signal } = this.#context
    const lane = `${this.#request.kind} ${this.#thread.threadId}`
    const leave = await queues.enter(lane, this.#what, signal, (ahead) => this.#queued(ahead))
    try {
      return await this.#reachAndCapture(ways, queues)
    } finally {
      leave()
    }
  }

  get #what(): string {
    return `${this.#request.kind} of ${threadText(this.#thread)}`
  }

  async #reachAndCapture(ways: Ways, queues: Queues): Promise<CaptureContent> {
    const window = this.#surroundings.window(this.#thread)
    const reached = await reach(this.#thread, ways, this.#request.kind)
    if ('channel' in reached) return this.#captureInTurn(reached, queues)
    const { blocked } = reached
    const way = await this.#wait(blocked)
    if (way !== undefined) return this.#captureInTurn(way, queues)
    this.#context.signal.throwIfAborted()
    // A worker may run JavaScript behind a main thread that does not.
    if (this.#request.kind !== 'stack' || blocked.by.threadId !== this.#thread.threadId) {
      throw blockedError(blocked, queues)
    }
    return this.#nativeStack(blocked.route, blocked.kernel, window)
  }

  /** The way to the thread, if the native call returns while the request waits for it. */
  async #wait({ by, kernel, later, abandon }: Blocked): Promise<Way | undefined> {
    const { wait } = this.#request
    let way: Way | undefined
    try {
      if (wait > 0) {
        this.#context.onProgress({ event: 'blocked', thread: by, kernel })
        way = await within(wait, later, this.#context.signal)
      }
    } finally {
      if (way === undefined) abandon()
    }
    return way
  }

  #nativeStack(route: CaptureRoute, kernel: KernelView, window: OpenWindow): CaptureContent {
    const surroundings = { ...this.#surroundings.of(this.#context), window: () => window }
    return nativeStack({ route, thread: this.#thread }, kernel, surroundings)
  }

  /**
   * Snapshots need a multiple of the heap in memory: one after another, each with what there is then. None
   * begins before a CPU profile of its thread has: a loop is known to the profiler from when it goes on.
   */
  async #captureInTurn(way: Way, queues: Queues): Promise<CaptureContent> {
    const { kind } = this.#request
    const { threadId } = this.#thread
    const start = `start ${threadId}`
    if (kind === 'cpu-profile') {
      const leave = await this.#turn(start, way, queues)
      return this.#capture(way, queues, leave).finally(leave)
    }
    if (kind !== 'heap-snapshot') return this.#capture(way, queues)
    const leave = await this.#turn(SNAPSHOTS, way, queues)
    try {
      const leaveStart = await this.#turn(start, way, queues)
      queues.writing.add(threadId)
      return await this.#capture(way, queues).finally(() => {
        queues.writing.delete(threadId)
        leaveStart()
      })
    } finally {
      leave()
    }
  }

  /** Waits for it with a way that is closed where it does not come. */
  #turn(lane: string, way: Way, queues: Queues): Promise<() => void> {
    const { signal } = this.#context
    const enter = queues.enter(lane, this.#what, signal, (ahead) => this.#queued(ahead))
    return enter.catch((error) => {
      closeWay(way)
      throw error
    })
  }

  #queued(ahead: number): void {
    this.#context.onProgress({ event: 'queued', thread: this.#thread, ahead })
  }

  async #capture(way: Way, queues: Queues, onStarted = () => {}): Promise<CaptureContent> {
    const { channel, evaluator } = way
    const { signal, onProgress } = this.#context
    const { parts } = this.#surroundings
    const window = this.#surroundings.window(this.#thread)
    let begin = () => {}
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    const told = (event: ProgressEvent) => {
      if (event.event === 'started') {
        begin()
        onStarted()
      }
      onProgress(event)
    }
    const context = this.#surroundings.of({ signal, onProgress: told })
    const surroundings = evaluator === undefined ? context : { ...context, evaluator }
    try {
      const capturing = parts.capture(channel, this.#request, surroundings)
      const kernel = await this.#notBegun(capturing, begun)
      if (kernel === null) return await this.#limited(capturing)
      capturing.catch(() => {})
      if (this.#request.kind === 'stack') return this.#nativeStack(channel.route, kernel, window)
      throw blockedError({ by: this.#thread, kernel }, queues)
    } finally {
      closeWay(way)
    }
  }

  /** What the kernel says of a thread that went into a native call as soon as it had answered. */
  async #notBegun(
    capturing: Promise<CaptureContent>,
    started: Promise<void>,
  ): Promise<KernelView | null> {
    const { kind, wait } = this.#request
    const answered = kind === 'stack' ? capturing : Promise.race([capturing, started])
    const { signal } = this.#context
    const ms = (kind === 'stack' ? STACK_MS : BEGIN_MS) + wait
    const isThere = await within(
      ms,
      answered.then(() => true),
      signal,
      ABORT_MS,
    )
    if (isThere) return null
    signal.throwIfAborted()
    const { pid, tid } = this.#thread
    return this.#surroundings.parts.kernelView(pid, tid)
  }

  async #limited(capturing: Promise<CaptureContent>): Promise<CaptureContent> {
    const { signal } = this.#context
    const seconds = limitSeconds(this.#request)
    const content = await within(seconds * 1000, capturing, signal, ABORT_MS)
    if (content !== undefined) return content
    // Nobody will fetch it.
    capturing.then((late) => late.type === 'file' && late.dispose()).catch(() => {})
    signal.throwIfAborted()
    throw new ThreadmeterError('ERR_THREADMETER_TIMEOUT', [this.#what, String(seconds)])
  }
}
