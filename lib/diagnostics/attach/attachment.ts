import { setTimeout as sleep } from 'node:timers/promises'
import { ThreadmeterError } from '../../errors.js'
import { describeKernelView } from '../kernel/describe.js'
import { kernelView } from '../kernel/kernel-view.js'
import type { KernelView } from '../model.js'
import { type DefaultPort, defaultPortOf } from './default-port.js'
import { type InspectorPort, inspectorAt } from './inspector-port.js'
import { holderOf, type ListeningSocket, listeningAround, listeningSockets } from './listening.js'
import { PortSession } from './port-session.js'
import { attachFailed, type TargetProcess } from './target-process.js'

const POLL_MS = 10

// A port opens within 0.3 s, also while JavaScript keeps the main thread busy.
const OPEN_MS = 1500
const VIEW_MS = 200

// A main thread that is in a native call closes it when that returns.
const CLOSE_MS = 1000
const CLOSE_LATE_MS = 15_000

// Older Nodes have no getBuiltinModule, but give `require` to what a debugger evaluates.
const CLOSE = {
  expression: `(globalThis.process.getBuiltinModule ?? require)('inspector').close()`,
  includeCommandLineAPI: true,
  silent: true,
}

/** Tells the user something, in a line of its own. */
export type Say = (text: string) => void

const placeOf = ({ address, port }: ListeningSocket): string => `${address}:${port}`

/** The debugging port of a process: one that is open, or one that is opened for a while. */
export class Attachment {
  readonly #target: TargetProcess
  readonly #say: Say
  readonly #default: DefaultPort
  #port: InspectorPort | undefined
  #isIgnored = false
  /** Which sockets there were before the signal; undefined when none was sent. */
  #before: ReadonlySet<string> | undefined

  constructor(target: TargetProcess, say: Say) {
    this.#target = target
    this.#say = say
    this.#default = defaultPortOf(target.options)
  }

  /**
   * Finds the port or opens it. Throws ERR_THREADMETER_ATTACH_FAILED, ERR_THREADMETER_PROCESS_ENDED, and
   * ERR_THREADMETER_THREAD_BLOCKED while the main thread is in a native call.
   *
   * @param waitMs how long to wait for that call to return
   */
  async open(
    waitMs: number,
    signal: AbortSignal,
    onBlocked: (kernel: KernelView) => void,
  ): Promise<InspectorPort> {
    const known = await this.#findOpen()
    if (known !== undefined) return this.#use(known)
    this.#checkSignal()
    this.#checkFree()
    signal.throwIfAborted()
    this.#sendSignal()
    this.#port = await this.#opened(OPEN_MS, signal)
    if (this.#port === undefined) {
      // The program has opened it itself, where nobody would look for it: the signal does nothing then.
      const elsewhere = await this.#olderPort()
      if (elsewhere !== undefined) return this.#use(elsewhere)
      const kernel = await kernelView(this.#target.pid, this.#target.pid, VIEW_MS)
      if (waitMs > 0) onBlocked(kernel)
      this.#port = await this.#opened(waitMs, signal)
      if (this.#port === undefined) throw this.#whyNot(kernel)
    }
    return this.#port
  }

  /** Closes the port, if it was opened here; says so when that cannot be done. */
  async close(): Promise<void> {
    if (this.#before === undefined) return
    const before = this.#before
    this.#before = undefined
    const port = this.#port ?? (await this.#openedLate(before))
    if (port !== undefined) await this.#closePort(port)
  }

  /** A port that is not ours to close. */
  #use(port: InspectorPort): InspectorPort {
    this.#before = undefined
    this.#say(
      `threadmeter: using the debugging port of process ${this.#target.pid} at ${placeOf(port.socket)}, which is open already and stays open`,
    )
    return port
  }

  async #findOpen(): Promise<InspectorPort | undefined> {
    const { isOpenFromStart, port } = this.#default
    const sockets = listeningSockets(this.#target.pid)
    return firstInspector(sockets.filter((socket) => isOpenFromStart || socket.port === port))
  }

  #checkSignal(): void {
    const { pid, signalObstacle } = this.#target
    if (signalObstacle === null) return
    const advice = 'it can only be captured by loading threadmeter/register'
    throw attachFailed(pid, `${signalObstacle}: ${advice}`)
  }

  /** Node tries one port only. */
  #checkFree(): void {
    const { host, port } = this.#default
    if (port === 0) return
    const taken = listeningAround(this.#target.pid).find(
      (socket) => socket.port === port && (socket.isAny || socket.address === host),
    )
    if (taken === undefined) return
    const holder = holderOf(taken.inode)
    const who = holder === undefined ? 'another process' : `process ${holder}`
    const which = holder === this.#target.pid ? 'the program itself' : who
    throw attachFailed(
      this.#target.pid,
      `it would open its debugging port at ${host}:${port}, where ${which} listens already`,
    )
  }

  #sendSignal(): void {
    const { pid } = this.#target
    const { host, port } = this.#default
    const place = port === 0 ? `a free port of ${host}` : `${host}:${port}`
    this.#say(
      `threadmeter: opening the debugging port of process ${pid} at ${place} by SIGUSR1. Until it is closed again, anyone on this
machine can run code in that process, and its process.exit() waits. The signal can interrupt a synchronous read (EINTR).`,
    )
    this.#before = new Set(listeningSockets(pid).map(({ inode }) => inode))
    process.kill(pid, 'SIGUSR1')
  }

  /** The port, as soon as it is open. */
  async #opened(ms: number, signal: AbortSignal): Promise<InspectorPort | undefined> {
    const before = this.#before ?? new Set()
    for (const deadline = performance.now() + ms; ; await sleep(POLL_MS)) {
      signal.throwIfAborted()
      if (this.#target.isGone) {
        throw new ThreadmeterError('ERR_THREADMETER_PROCESS_ENDED', [String(this.#target.pid)])
      }
      const port = await this.#newPort(before)
      if (port !== undefined || performance.now() >= deadline) return port
    }
  }

  #newPort(before: ReadonlySet<string>): Promise<InspectorPort | undefined> {
    const sockets = listeningSockets(this.#target.pid)
    return firstInspector(sockets.filter(({ inode }) => !before.has(inode)))
  }

  /** One that is new by now is ours to close, however late it answers. */
  #olderPort(): Promise<InspectorPort | undefined> {
    const sockets = listeningSockets(this.#target.pid)
    return firstInspector(sockets.filter(({ inode }) => this.#before?.has(inode)))
  }

  /** Why no port was opened. */
  #whyNot(kernel: KernelView): Error {
    const { pid } = this.#target
    const known = describeKernelView(kernel)
    const isInLoop = kernel.state === 'S' && /^e?poll/.test(kernel.syscall ?? '')
    if (isInLoop && !this.#target.hasChildren) {
      this.#isIgnored = true
      const handled = "the program seems to handle that signal itself (process.on('SIGUSR1'))"
      return attachFailed(pid, `it opened no debugging port at SIGUSR1: ${handled}`)
    }
    const error = new ThreadmeterError('ERR_THREADMETER_THREAD_BLOCKED', ['main', known])
    return Object.assign(error, { details: kernel })
  }

  /** A signal that was sent takes effect later: the port would open when nobody is there to close it. */
  async #openedLate(before: ReadonlySet<string>): Promise<InspectorPort | undefined> {
    const { pid } = this.#target
    if (this.#isIgnored) return this.#newPort(before)
    this.#say(
      `threadmeter: the port of process ${pid} may yet open: waiting up to ${CLOSE_LATE_MS / 1000} s to close it`,
    )
    for (const deadline = performance.now() + CLOSE_LATE_MS; performance.now() < deadline; ) {
      if (this.#target.isGone) return undefined
      const port = await this.#newPort(before)
      if (port !== undefined) return port
      await sleep(POLL_MS)
    }
    this.#say(
      `threadmeter: the port of process ${pid} will open when its main thread returns from its call, and stays open: close it from the program by inspector.close()`,
    )
    return undefined
  }

  /** The answer may never come: the port is closed when nobody listens there any more. */
  async #closePort({ socket, url }: InspectorPort): Promise<void> {
    const session = new PortSession(url, (reason) => new Error(reason))
    try {
      session.post('Runtime.evaluate', CLOSE, () => {})
      if (await this.#closed(socket, CLOSE_MS)) return
      this.#say(
        `threadmeter: waiting for the main thread of process ${this.#target.pid}, to close its port`,
      )
      if (await this.#closed(socket, CLOSE_LATE_MS)) return
      this.#say(
        `threadmeter: the debugging port ${placeOf(socket)} of process ${this.#target.pid} is still open: it closes when its main thread returns from its call`,
      )
    } finally {
      session.disconnect()
    }
  }

  async #closed({ inode }: ListeningSocket, ms: number): Promise<boolean> {
    const { pid } = this.#target
    for (const deadline = performance.now() + ms; performance.now() < deadline; ) {
      if (this.#target.isGone) return true
      if (listeningSockets(pid).every((socket) => socket.inode !== inode)) return true
      await sleep(POLL_MS)
    }
    return false
  }
}

async function firstInspector(
  sockets: readonly ListeningSocket[],
): Promise<InspectorPort | undefined> {
  for (const socket of sockets) {
    const port = await inspectorAt(socket)
    if (port !== undefined) return port
  }
  return undefined
}
