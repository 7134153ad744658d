import { createReadStream, readdirSync } from 'node:fs'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ThreadmeterError } from '../../errors.js'
import type { Origin } from '../channel/origin.js'
import { type DoorInfo, PROTOCOL } from '../door/protocol.js'
import type { CaptureContent, CaptureOutcome, Engine } from '../engine.js'
import { createEngine } from '../helper/engine.js'
import {
  CAPTURE_KINDS,
  type CapturedThread,
  type CaptureRequest,
  type DiagnosticThread,
} from '../model.js'
import type { CaptureSource, ReceivedCapture, ReceiveOptions } from '../source.js'
import { Attachment, type Say } from './attachment.js'
import type { InspectorPort } from './inspector-port.js'
import { PortSession } from './port-session.js'
import { attachFailed, type TargetProcess } from './target-process.js'

// How long captures have to let go before the port is closed all the same.
const SETTLE_MS = 500

const NO_INTERRUPTS = {
  canInterrupt: () => false,
  openInterruptChannel: () => Promise.reject(new Error('threads of others are not interrupted')),
}

// The end of another process is seen by its sessions.
const LIFECYCLE = { hold: () => () => {}, onEnding: () => {} }

const bodyOf = (content: CaptureContent): Readable =>
  content.type === 'json'
    ? Readable.from([Buffer.from(content.json)])
    : createReadStream(content.path)

function taken(thread: CapturedThread, content: CaptureContent): ReceivedCapture {
  const body = bodyOf(content)
  if (content.type === 'file') {
    return { thread, body, bytes: content.bytes, details: content.details }
  }
  return { thread, body, bytes: Buffer.byteLength(content.json) }
}

/** The threads of a process that has loaded nothing, by way of its debugging port. */
export class PortSource implements CaptureSource {
  readonly #target: TargetProcess
  readonly #program: string
  readonly #attachment: Attachment
  readonly #main: CapturedThread
  readonly #sessions = new Set<PortSession>()
  readonly #ending = new AbortController()
  readonly #running = new Set<Promise<void>>()
  #closing: Promise<void> | undefined
  #engine: Promise<{ engine: Engine; port: InspectorPort }> | undefined

  /** Nothing is done to the process before it is asked for something. */
  constructor(target: TargetProcess, say: Say) {
    this.#target = target
    this.#program = target.program
    this.#attachment = new Attachment(target, say)
    const { pid } = target
    this.#main = { pid, tid: pid, threadId: 0, name: 'main', role: 'main' }
  }

  async info(): Promise<DoorInfo> {
    const { port } = await this.#attached(0)
    return {
      protocol: PROTOCOL,
      threadmeter: '',
      node: port.node,
      pid: this.#target.pid,
      program: this.#program,
      captures: CAPTURE_KINDS,
    }
  }

  async threads(): Promise<readonly DiagnosticThread[]> {
    const { engine } = await this.#attached(0)
    return engine.threads()
  }

  async *capture(
    request: CaptureRequest,
    { signal, onProgress = () => {} }: ReceiveOptions = {},
  ): AsyncGenerator<ReceivedCapture> {
    let done = () => {}
    const running = new Promise<void>((resolve) => {
      done = resolve
    })
    this.#running.add(running)
    try {
      const all = signal ? AbortSignal.any([signal, this.#ending.signal]) : this.#ending.signal
      const { engine } = await this.#attached(request.wait, all, onProgress)
      for await (const outcome of engine.capture(request, { signal: all, onProgress })) {
        yield* this.#received(outcome, all)
      }
    } finally {
      this.#running.delete(running)
      done()
    }
  }

  /** Ends what runs, and closes the port if it was opened for this. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#ending.abort(new Error('the capture was given up'))
    await this.#settled()
    await this.#attachment.close()
    for (const session of this.#sessions) session.disconnect()
  }

  async #settled(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, SETTLE_MS)
    })
    await Promise.race([Promise.all(this.#running), late])
    clearTimeout(timer)
  }

  async *#received(outcome: CaptureOutcome, signal: AbortSignal): AsyncGenerator<ReceivedCapture> {
    const { thread } = outcome
    // Whoever has given up takes nothing any more.
    this.#ending.signal.throwIfAborted()
    if ('error' in outcome) {
      if (signal.aborted && outcome.error === signal.reason) throw signal.reason
      yield { thread, error: outcome.error as Error }
      return
    }
    const { content } = outcome
    try {
      const received = taken(thread, content)
      yield received
      if ('error' in received || received.body.readableEnded) return
      received.body.destroy()
      await finished(received.body).catch(() => {})
    } finally {
      if (content.type === 'file') content.dispose()
    }
  }

  #attached(
    waitMs: number,
    signal: AbortSignal = this.#ending.signal,
    onProgress: ReceiveOptions['onProgress'] = () => {},
  ) {
    this.#engine ??= this.#attach(waitMs, signal, onProgress)
    return this.#engine
  }

  async #attach(
    waitMs: number,
    signal: AbortSignal,
    onProgress: NonNullable<ReceiveOptions['onProgress']>,
  ) {
    const port = await this.#attachment.open(waitMs, signal, (kernel) =>
      onProgress({ event: 'blocked', thread: this.#main, kernel }),
    )
    const engine = createEngine(LIFECYCLE, {
      program: this.#program,
      app: this.#target.app,
      node: port.node,
      collectsCoverage: this.#target.collectsCoverage,
      origin: this.#origin(port),
      interrupts: NO_INTERRUPTS,
    })
    return { engine, port }
  }

  #origin({ url }: InspectorPort): Origin {
    const { pid } = this.#target
    return {
      main: this.#main,
      route: 'port',
      openSession: () => this.#openSession(url),
      reportingThreads: () => [],
      ownThreadId: null,
      tidOf: (inner) => this.#target.tidOf(inner, readdirSync(`/proc/${pid}/task`)),
    }
  }

  #openSession(url: string): PortSession {
    const { pid } = this.#target
    const session = new PortSession(url, (reason) => {
      this.#sessions.delete(session)
      return this.#target.isGone
        ? new ThreadmeterError('ERR_THREADMETER_PROCESS_ENDED', [String(pid)])
        : attachFailed(pid, reason)
    })
    this.#sessions.add(session)
    return session
  }
}
