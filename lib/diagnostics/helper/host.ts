import { existsSync, unlinkSync, writeSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  isMainThread,
  MessageChannel,
  type MessagePort,
  type Transferable,
} from 'node:worker_threads'
import { available, type Capability, messageOf, missing } from '../../capability.js'
import { joinDirectory, onRejoined } from '../../meter/directory.js'
import type { Companion } from '../../observer/companion.js'
import { makeInterruptible } from '../channel/interruptible.js'
import { doorPath, ownDoor } from '../door/location.js'
import { noteHelper } from '../status.js'
import { KeepAlive } from './keep-alive.js'
import { endLife, newLifeWords, retainedBy } from './lifecycle.js'
import type { HelperData, HelperReport, HostMessage } from './messages.js'
import { obstacle } from './obstacle.js'
import { onExit } from './on-exit.js'
import { OwnThread, type ThreadOwner } from './own-thread.js'

const STDERR = 2
const LEFT =
  'threadmeter: the process ends by SIGKILL: the thread that profiled a worker does not let go of it\n'

/** What runs in the process; its name is where the application began. */
const program = (): string => resolve(process.argv[1] ?? process.execPath)

/** The main thread's end of the helper, in whichever thread that lives. */
class Host implements Companion, ThreadOwner {
  readonly module = new URL('./thread.js', import.meta.url)
  readonly #path: string
  #own: OwnThread | undefined
  #words = newLifeWords()
  #port: MessagePort | undefined
  #state: Capability = missing('its thread is starting')
  #hasFailed = false
  /** Whether a thread has ended that workers wait for at their end. */
  #hasLeftWorkers = false
  #waiting: (() => void)[] = []
  readonly #keepAlive = new KeepAlive()

  constructor(path: string) {
    this.#path = path
    onExit(() => this.#end())
    onRejoined(() => this.#tell('rejoined'))
  }

  status(): Capability {
    const isGone = this.#state.available && !existsSync(this.#path)
    return isGone ? missing(`${this.#path} has been removed`) : this.#state
  }

  equip(): { data: HelperData; transfer: Transferable[] } {
    const { port1, port2 } = new MessageChannel()
    this.#words = newLifeWords()
    this.#port = port1
    port1.on('message', (report: HelperReport) => this.#take(report))
    port1.once('close', () => this.#lost(port1))
    port1.unref()
    const data = { words: this.#words, port: port2, path: this.#path, program: program() }
    return { data, transfer: [port2] }
  }

  /** Goes on in a thread of its own. */
  leave(): void {
    if (this.#hasFailed) return
    this.#own ??= new OwnThread(this)
    this.#own.launch()
  }

  wantsThread(): boolean {
    return !this.#hasFailed
  }

  giveUp(error: unknown): void {
    this.#fail(messageOf(error))
  }

  /** Resolves when the helper serves, or cannot. The process lives for so long. */
  settled(): Promise<void> {
    if (this.#state.available || this.#hasFailed) return Promise.resolve()
    // Also while no thread is there, between one that has failed and the next.
    const rest = this.#keepAlive.begin()
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        rest()
        resolve()
      })
    })
  }

  #tell(message: HostMessage): void {
    this.#port?.postMessage(message)
  }

  #take(report: HelperReport): void {
    if (report.kind === 'failed') {
      this.#fail(report.reason)
      return
    }
    this.#own?.works()
    this.#settle(available(this.#path))
  }

  #fail(reason: string): void {
    this.#hasFailed = true
    this.#settle(missing(reason))
  }

  #settle(state: Capability): void {
    this.#state = state
    for (const settled of this.#waiting.splice(0)) settled()
  }

  #lost(port: MessagePort): void {
    if (port !== this.#port) return
    this.#port = undefined
    if (retainedBy(this.#words) > 0) this.#hasLeftWorkers = true
    // An exit that comes before the next thread has nobody to wait for.
    this.#words = newLifeWords()
    if (!this.#hasFailed) this.#state = missing('its thread has ended, and is started again')
  }

  #end(): void {
    const isLetGo = endLife(this.#words, () => this.#tell('exit'))
    if (!isLetGo) closeInspector()
    try {
      unlinkSync(this.#path)
    } catch {
      // It went with the runtime directory, or was never made.
    }
    if (this.#hasLeftWorkers || retainedBy(this.#words) > 0) endAtOnce()
  }
}

/**
 * While it listens on a port, Node waits for whoever is connected to it: before it exits, and before it
 * sends a signal to itself.
 */
function closeInspector(): void {
  try {
    process.getBuiltinModule('node:inspector').close()
  } catch {
    // It listens on none then, either.
  }
}

/**
 * Node would wait for ever for a worker that waits for a session of the inspector to be closed, which
 * nobody is left to close.
 */
function endAtOnce(): void {
  try {
    writeSync(STDERR, LEFT)
    closeInspector()
  } finally {
    process.kill(process.pid, 'SIGKILL')
  }
}

let host: Host | undefined

/**
 * Makes ready what serves captures of this process's threads; whoever is given it says in which thread it
 * is to live: as companion in an observer's, or, by `leave()`, in one of its own. Undefined where
 * diagnostics cannot be had. Main thread only. Never throws.
 */
export function hostDiagnostics(directory?: string): Host | undefined {
  if (host !== undefined) return host
  const reason = obstacle()
  try {
    if (reason !== null) throw new Error(reason)
    joinDirectory(directory)
    const made = new Host(doorPath(directory))
    noteHelper(() => made.status())
    host = made
  } catch (error) {
    const capability = missing(messageOf(error))
    noteHelper(() => capability)
  }
  return host
}

/** The main thread has the helper; the others see its socket. */
function seenFromWorker(): Capability {
  try {
    const path = ownDoor()
    return path === undefined
      ? missing('the main thread has not enabled them, or could not: it knows the reason')
      : available(path)
  } catch (error) {
    return missing(messageOf(error))
  }
}

if (!isMainThread) noteHelper(seenFromWorker)

let started: Promise<void> | undefined

function startHelper(directory: string | undefined): Promise<void> {
  const isHosted = host !== undefined
  const made = hostDiagnostics(directory)
  if (!isHosted) made?.leave()
  return made?.settled() ?? Promise.resolve()
}

/**
 * Lets the threads of this process be captured (stacks, profiles, heap snapshots), from inside and over a
 * Unix socket in the runtime directory, also while they are blocked. In the main thread it starts the
 * helper that does so; a worker that calls it can be reached even while the main thread is in a native
 * call. `threadmeter/register` calls it in every thread. Resolves once the socket is there. Where
 * diagnostics cannot be had it resolves as well, and `capabilities().diagnostics` says why.
 *
 * Cost: 4 to 10 ms of the main thread, once; 10 to 16 MB of memory, as an idle worker takes, and below
 * 1 MB where an observer's thread is there. No CPU while nobody asks. With the first request what answers
 * is loaded, 8 to 17 MB more.
 *
 * @example
 * ```js
 * import { capabilities } from 'threadmeter'
 * import { enableDiagnostics } from 'threadmeter/diagnostics'
 *
 * await enableDiagnostics()
 * console.log(capabilities().diagnostics)
 * ```
 */
export async function enableDiagnostics(options: { directory?: string } = {}): Promise<void> {
  makeInterruptible()
  if (!isMainThread) return
  started ??= startHelper(options.directory)
  await started
}
