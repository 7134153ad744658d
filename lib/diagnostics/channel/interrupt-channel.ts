import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { threadId as ownThreadId } from 'node:worker_threads'
import { ThreadmeterError } from '../../errors.js'
import { native, requireNative } from '../../native.js'
import type { CapturedThread } from '../model.js'
import type { Channel } from './channel.js'
import { type Answer, Conversation, threadText } from './conversation.js'
import { Correspondence, isTold, lacksRoom, type Told, type Unanswered } from './correspondence.js'
import type { Letter, Message, Reply } from './letters.js'
import { withoutOwnFrames } from './own-frames.js'

const ANY = -1
const NOBODY = 0

const NO_ROOM = 'the thread had neither stack nor memory left for it'

const WATCH_MS = 100
const ENDING_MS = 250
// An exit waits for little longer.
const PROCESS_ENDING_MS = 300
// How often a thread is interrupted for an answer that comes later, as that of a promise.
const SHORTEST_TAKE_MS = 2
const LONGEST_TAKE_MS = 250

interface Command {
  readonly method: string
  readonly answer: Answer
  isOpened: boolean
}

let opened = 0
const open = new Set<InterruptChannel>()

/** Whether the thread has made itself reachable by interrupts. Cost: below 1 µs. */
export function canInterrupt(tid: number): boolean {
  return native !== undefined && native.interruptible(tid, ANY) !== NOBODY
}

/**
 * A conversation with the inspector on the thread itself, in the middle of what it does. It is there at
 * once; commands to a thread that is in a native call wait. Throws
 * ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE when the thread has not made itself reachable, or is gone.
 */
export async function openInterruptChannel(thread: CapturedThread): Promise<Channel> {
  const addon = requireNative('an interrupt')
  const recipient = addon.interruptible(thread.tid ?? ANY, thread.threadId)
  if (recipient === NOBODY) {
    throw unavailable(`${threadText(thread)} has not made itself reachable by interrupts`)
  }
  return new InterruptChannel(thread, recipient)
}

const terminations = new WeakSet<object>()

/** Whether a command failed because the end of what it interrupted hit it, as by the time-out of a script. */
export const wasTerminated = (error: unknown): boolean => terminations.has(error as object)

/**
 * The main thread exits, and waits for a moment: what was begun is taken, and what is not done by then fails,
 * as long as there is somebody to tidy up after it.
 */
export async function announceProcessEnd(): Promise<void> {
  await Promise.all([...open].map((channel) => channel.processEnds()))
  // Whoever waited has heard of it.
  await nextTurn()
}

const unavailable = (reason: string) =>
  new ThreadmeterError('ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE', [reason])

const failed = (method: string, reason: string) =>
  new ThreadmeterError('ERR_THREADMETER_CAPTURE_FAILED', [method, reason])

const busy = (thread: CapturedThread) =>
  new ThreadmeterError('ERR_THREADMETER_BUSY', [`letters to ${threadText(thread)}`])

class InterruptChannel extends Conversation {
  readonly route = 'interrupt'

  readonly #session = `${ownThreadId}-${++opened}`
  readonly #recipient: number
  readonly #letters: Correspondence
  readonly #commands = new Map<number, Command>()
  readonly #watch: NodeJS.Timeout
  #lastCommand = 0
  #isOpened = false
  #isOver = false
  #taking: NodeJS.Timeout | undefined
  #takeDelay = SHORTEST_TAKE_MS

  constructor(thread: CapturedThread, recipient: number) {
    super(thread)
    this.#recipient = recipient
    this.#letters = new Correspondence(recipient)
    this.#watch = setInterval(() => this.#checkThread(), WATCH_MS).unref()
    open.add(this)
    void this.#open()
  }

  async processEnds(): Promise<void> {
    await this.announceEnding('process ended', PROCESS_ENDING_MS)
    const { pid } = this.thread
    this.#end(new ThreadmeterError('ERR_THREADMETER_PROCESS_ENDED', [String(pid)]))
  }

  protected send(method: string, params: object | undefined, answer: Answer): void {
    const id = ++this.#lastCommand
    this.#commands.set(id, { method, answer, isOpened: false })
    const opens = !this.#isOpened
    void this.#ask(
      { do: 'post', session: this.#session, id, method, ...(params && { params }), opens },
      id,
    )
  }

  async close(): Promise<void> {
    this.#end(failed('the command', 'the conversation was closed'))
  }

  async #open(): Promise<void> {
    const letter: Letter = { do: 'open', session: this.#session }
    const reply = await this.#letters.insist(letter, (r) => lacksRoom(r) || r === 'terminated')
    if (isTold(reply)) this.#isOpened = true
    else if (lacksRoom(reply)) this.#end(failed('the inspector', NO_ROOM))
    else if (typeof reply === 'object') this.#end(unavailable(reply.failure))
    else this.#giveUp(reply)
  }

  async #ask(letter: Letter, id: number): Promise<void> {
    const reply = await this.#letters.ask(letter)
    if (this.#isOver) return
    if (!isTold(reply)) this.#fail(reply, id)
    else {
      this.#isOpened = true
      this.#receive(reply, id)
    }
  }

  /** Asks for what has come since. Where that cannot be had, answers may be lost with it. */
  async #take(): Promise<void> {
    const reply = await this.#letters.insist({ do: 'take', session: this.#session }, lacksRoom)
    if (this.#isOver) return
    if (isTold(reply)) this.#receive(reply)
    else for (const id of [NOBODY, ...this.#openedCommands()]) this.#fail(reply, id)
  }

  #openedCommands(): number[] {
    return [...this.#commands].filter(([, { isOpened }]) => isOpened).map(([id]) => id)
  }

  #receive({ messages, more }: Told, id = NOBODY): void {
    for (const message of messages) this.#dispatch(message)
    const command = this.#commands.get(id)
    if (command !== undefined) command.isOpened = true
    if (more) void this.#take()
    else this.#takeLater()
  }

  /** Asks again where a command was opened and not answered, as one for a promise; ever more rarely. */
  #takeLater(): void {
    clearTimeout(this.#taking)
    if (this.#isOver || this.#openedCommands().length === 0) {
      this.#takeDelay = SHORTEST_TAKE_MS
      return
    }
    this.#takeDelay = Math.min(this.#takeDelay * 2, LONGEST_TAKE_MS)
    this.#taking = setTimeout(() => void this.#take(), this.#takeDelay)
  }

  #dispatch(message: Message): void {
    if ('method' in message) {
      this.emit(message.method, message.params)
      return
    }
    if ('error' in message) {
      this.#reject(message.id, message.error)
      return
    }
    const command = this.#commands.get(message.id)
    this.#commands.delete(message.id)
    command?.answer(null, withoutOwnFrames(command.method, message.result))
  }

  #reject(id: number, reason: string): void {
    const command = this.#commands.get(id)
    if (command === undefined) return
    this.#commands.delete(id)
    command.answer(failed(command.method, reason))
  }

  #fail(reply: Exclude<Reply, Told> | Unanswered, id: number): void {
    if (typeof reply === 'string') this.#giveUp(reply, id)
    else this.#reject(id, reply.failure)
  }

  #giveUp(reason: Unanswered, id = NOBODY): void {
    if (reason === 'ended') this.#threadEnded()
    else if (reason === 'terminated') void this.#terminated(id)
    else if (reason === 'busy') this.#end(busy(this.thread))
    else if (reason === 'failed') this.#reject(id, NO_ROOM)
  }

  /** By the end of the thread, which shows in a moment, or of a script, as by its time-out. */
  async #terminated(id: number): Promise<void> {
    if (this.thread.role === 'worker') await sleep(2 * WATCH_MS)
    const command = this.#commands.get(id)
    if (command === undefined) return
    this.#commands.delete(id)
    const error = failed(command.method, 'it was terminated with what it interrupted')
    terminations.add(error)
    command.answer(error)
  }

  #checkThread(): void {
    const { tid, threadId } = this.thread
    if (native?.interruptible(tid ?? ANY, threadId) !== this.#recipient) this.#threadEnded()
    else if (native.isEnding(this.#recipient)) void this.#threadEnds()
  }

  /** The thread waits for it, and ends when the session is closed. */
  async #threadEnds(): Promise<void> {
    await this.announceEnding('thread ended', ENDING_MS)
    this.#threadEnded()
  }

  #threadEnded(): void {
    if (this.#isOver) return
    this.#end(new ThreadmeterError('ERR_THREADMETER_THREAD_ENDED', [threadText(this.thread)]))
    // Where it comes as a surprise, JavaScript runs no more on that thread: nothing can be saved.
    void this.announceEnding('thread ended', 0)
  }

  #end(error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    open.delete(this)
    clearInterval(this.#watch)
    clearTimeout(this.#taking)
    const wasTaken = this.#letters.forget()
    if (this.#isOpened || wasTaken) this.#letters.tell({ do: 'close', session: this.#session })
    this.#commands.clear()
    this.finish(error)
  }
}
