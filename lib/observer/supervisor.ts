import { Worker } from 'node:worker_threads'
import { ThreadmeterError } from '../errors.js'
import type { Companion } from './companion.js'
import { type Reply, type Request, receiveError, type ThreadData } from './messages.js'
import type { Wanted } from './negotiation.js'
import type { ServiceThread } from './outside/index.js'
import { ownEnvironment } from './own-environment.js'
import type { ServerOptions } from './server.js'
import { Tallies } from './tallies.js'

const NAME = 'threadmeter-observer'
const FIRST_DELAY_MS = 100
const LAST_DELAY_MS = 10_000
/** A thread that has worked for so long is well again. */
const HEALTHY_MS = 60_000
const CLOSE_MS = 2000
const MOST_FAILURES = 3

/** Bounds what a catalogue gone wild may take: 107,000 lines, rendered in both formats, take 175 MB. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 16 }

type Question = Exclude<Request, { kind: 'close' }>
/** Without what the supervisor adds itself. */
type Asked = { kind: 'text' } | { kind: 'metrics'; wanted: Wanted } | { kind: 'threads' }

interface Pending {
  readonly question: Question
  /** How many threads have ended over it. */
  failures: number
  resolve(reply: Reply): void
  reject(error: unknown): void
}

interface Start {
  resolve(url: string | null): void
  reject(error: unknown): void
  readonly isAwaited: boolean
}

const closedError = (): ThreadmeterError =>
  new ThreadmeterError('ERR_THREADMETER_OBSERVER_CLOSED', [])

/**
 * Keeps the thread of an observer running: starts it again when it fails, after a delay that grows while
 * it keeps failing. Whoever asked in the meantime is answered by the next one. Only while somebody waits
 * does it keep the process alive.
 */
export class Supervisor {
  readonly #directory: string | undefined
  #companion: Companion | undefined
  readonly #tallies = new Tallies()
  #server: ServerOptions | undefined
  #worker: Worker | undefined
  #ready = false
  #start: Start | undefined
  #isRefused = false
  #startedAt = 0
  #failure: unknown
  #delay = FIRST_DELAY_MS
  #timer: NodeJS.Timeout | undefined
  #pending = new Map<number, Pending>()
  #lastId = 0
  #closed: Promise<void> | undefined

  /** @param companion lives in the thread as well, and stays there when observing is refused */
  constructor(
    directory: string | undefined,
    server: ServerOptions | undefined,
    companion?: Companion,
  ) {
    this.#directory = directory
    this.#server = server
    this.#companion = companion
  }

  /**
   * Starts the thread; gives the URL of its server. Rejects when it cannot listen, or not start at all.
   *
   * @param isAwaited whether the process is to live until it has started
   */
  start(isAwaited = true): Promise<string | null> {
    return new Promise((resolve, reject) => {
      this.#start = { resolve, reject, isAwaited }
      this.#launch()
    })
  }

  async text(): Promise<string> {
    const reply = await this.#ask({ kind: 'text' })
    return (reply as Extract<Reply, { kind: 'text' }>).text
  }

  async metrics(wanted: Wanted): Promise<Uint8Array> {
    const reply = await this.#ask({ kind: 'metrics', wanted })
    return (reply as Extract<Reply, { kind: 'metrics' }>).body
  }

  async threads(): Promise<readonly ServiceThread[]> {
    const reply = await this.#ask({ kind: 'threads' })
    return (reply as Extract<Reply, { kind: 'threads' }>).threads
  }

  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  #ask(asked: Asked): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) throw closedError()
      const question: Question = { ...asked, id: ++this.#lastId }
      this.#pending.set(question.id, { question, failures: 0, resolve, reject })
      if (this.#ready) this.#worker?.postMessage(question)
      this.#holdProcess()
    })
  }

  #launch(): void {
    this.#startedAt = performance.now()
    this.#failure = undefined
    try {
      this.#watch(this.#makeWorker())
    } catch (error) {
      // Where workers are forbidden, say.
      this.#failure = error
      this.#exited()
    }
  }

  #makeWorker(): Worker {
    const companion = this.#companion
    const { data, transfer } = companion?.equip() ?? { data: undefined, transfer: [] }
    const workerData: ThreadData = {
      directory: this.#directory,
      server: this.#server,
      tallies: this.#tallies.shared,
      companion: companion && { module: companion.module.href, data },
    }
    return new Worker(new URL('./thread.js', import.meta.url), {
      name: NAME,
      workerData,
      transferList: [...transfer],
      execArgv: [],
      env: ownEnvironment(),
      resourceLimits: RESOURCE_LIMITS,
    })
  }

  #watch(worker: Worker): void {
    this.#worker = worker
    worker.on('message', (reply: Reply) => this.#take(reply))
    worker.on('error', (error) => {
      this.#failure = error
    })
    worker.once('exit', () => this.#exited())
    this.#holdProcess()
  }

  /** An answer that somebody waits for is worth keeping the process; the observer itself never is. */
  #holdProcess(): void {
    const isAwaited = this.#start?.isAwaited === true || this.#pending.size > 0
    if (isAwaited) {
      this.#worker?.ref()
      this.#timer?.ref()
    } else {
      this.#worker?.unref()
      this.#timer?.unref()
    }
  }

  #take(reply: Reply): void {
    if (reply.kind === 'ready') this.#becomeReady(reply.port, reply.url)
    else if (reply.kind === 'refused') this.#becomeRefused(receiveError(reply.error))
    else if (reply.kind === 'alone') this.#beAlone()
    else this.#settle(reply)
    this.#holdProcess()
  }

  #becomeReady(port: number, url: string | null): void {
    this.#ready = true
    // The next thread listens where this one did, also when that was for the system to choose.
    if (this.#server !== undefined) this.#server = { ...this.#server, port }
    this.#start?.resolve(url)
    this.#start = undefined
    for (const { question } of this.#pending.values()) this.#worker?.postMessage(question)
  }

  /** The companion lives elsewhere from now on: also when this thread ends, or comes again. */
  #beAlone(): void {
    this.#companion?.leave()
    this.#companion = undefined
  }

  /** Without a companion the thread ends now, and all it held with it. */
  #becomeRefused(error: Error): void {
    this.#failure = error
    if (this.#companion !== undefined) this.#refuse()
  }

  #settle(reply: Extract<Reply, { id: number }>): void {
    const pending = this.#pending.get(reply.id)
    this.#pending.delete(reply.id)
    if (reply.kind === 'failed') pending?.reject(receiveError(reply.error))
    else pending?.resolve(reply)
  }

  #exited(): void {
    this.#worker = undefined
    this.#ready = false
    if (this.#closed !== undefined) return
    if (this.#start !== undefined) this.#refuse()
    if (this.#isRefused) {
      this.#companion?.leave()
      return
    }
    this.#giveUp()
    this.#tallies.add('restarts', 1)
    if (performance.now() - this.#startedAt > HEALTHY_MS) this.#delay = FIRST_DELAY_MS
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#launch()
    }, this.#delay)
    this.#delay = Math.min(this.#delay * 2, LAST_DELAY_MS)
    this.#holdProcess()
  }

  /** Nobody waits for ever where threads keep failing, over the question itself perhaps. */
  #giveUp(): void {
    for (const [id, pending] of this.#pending) {
      if (++pending.failures < MOST_FAILURES) continue
      this.#pending.delete(id)
      pending.reject(new ThreadmeterError('ERR_THREADMETER_OBSERVER_FAILED', [], this.#failure))
    }
  }

  #refuse(): void {
    this.#isRefused = true
    const cause = this.#failure
    const { host, port } = this.#server ?? {}
    const isListening = (cause as NodeJS.ErrnoException | undefined)?.syscall !== undefined
    this.#start?.reject(
      isListening
        ? new ThreadmeterError('ERR_THREADMETER_LISTEN', [`${host}:${port}`], cause)
        : new ThreadmeterError('ERR_THREADMETER_OBSERVER_FAILED', [], cause),
    )
    this.#start = undefined
  }

  async #end(): Promise<void> {
    clearTimeout(this.#timer)
    for (const { reject } of this.#pending.values()) reject(closedError())
    this.#pending.clear()
    const worker = this.#worker
    if (worker === undefined) return
    worker.ref()
    const exited = new Promise((resolve) => worker.once('exit', resolve))
    worker.postMessage({ kind: 'close' } satisfies Request)
    const late = setTimeout(() => worker.terminate(), CLOSE_MS)
    await exited
    clearTimeout(late)
  }
}
