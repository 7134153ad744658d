import { setTimeout as sleep } from 'node:timers/promises'
import { threadId as ownThreadId } from 'node:worker_threads'
import { ThreadmeterError } from '../../errors.js'
import { native, requireNative } from '../../native.js'
import type { CapturedThread } from '../model.js'
import type { Channel, ChannelEnd } from './channel.js'
import { Correspondence, type Unanswered } from './correspondence.js'
import type { Letter, Message, Reply } from './letters.js'
import { withoutOwnFrames } from './own-frames.js'

const ANY = -1
const NOBODY = 0

const WATCH_MS = 100
// How often a thread is interrupted for an answer that comes later, as that of a promise.
const SHORTEST_TAKE_MS = 2
const LONGEST_TAKE_MS = 250

interface Command {
  readonly method: string
  readonly resolve: (result: never) => void
  readonly reject: (error: Error) => void
  isOpened: boolean
}

type Listener = (params: never) => void

let opened = 0

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
    throw unavailable(`${thread.name} has not made itself reachable by interrupts`)
  }
  return new InterruptChannel(thread, recipient)
}

const unavailable = (reason: string) =>
  new ThreadmeterError('ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE', [reason])

const failed = (method: string, reason: string) =>
  new ThreadmeterError('ERR_THREADMETER_CAPTURE_FAILED', [method, reason])

const busy = (thread: CapturedThread) =>
  new ThreadmeterError('ERR_THREADMETER_BUSY', [`letters to ${thread.name}`])

class InterruptChannel implements Channel {
  readonly route = 'interrupt'
  readonly thread: CapturedThread

  readonly #session = `${ownThreadId}-${++opened}`
  readonly #recipient: number
  readonly #letters: Correspondence
  readonly #commands = new Map<number, Command>()
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #endings: ((end: ChannelEnd) => Promise<void>)[] = []
  readonly #watch: NodeJS.Timeout
  #lastCommand = 0
  #isOpened = false
  #end: Error | undefined
  #taking: NodeJS.Timeout | undefined
  #takeDelay = SHORTEST_TAKE_MS

  constructor(thread: CapturedThread, recipient: number) {
    this.thread = thread
    this.#recipient = recipient
    this.#letters = new Correspondence(recipient)
    this.#watch = setInterval(() => this.#checkThread(), WATCH_MS).unref()
    void this.#open()
  }

  post<Result>(method: string, params?: object): Promise<Result> {
    if (this.#end !== undefined) return Promise.reject(this.#end)
    const id = ++this.#lastCommand
    return new Promise((resolve, reject) => {
      this.#commands.set(id, { method, resolve, reject, isOpened: false })
      void this.#ask(
        { do: 'post', session: this.#session, id, method, ...(params && { params }) },
        id,
      )
    })
  }

  on(method: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(method) ?? new Set()
    this.#listeners.set(method, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  onEnding(listener: (end: ChannelEnd) => Promise<void>): void {
    this.#endings.push(listener)
  }

  async close(): Promise<void> {
    this.#finish(failed('the command', 'the conversation was closed'))
  }

  async #open(): Promise<void> {
    const letter: Letter = { do: 'open', session: this.#session }
    const reply = await this.#letters.ask(letter)
    if (typeof reply === 'string') this.#giveUp(reply)
    else if ('failure' in reply) this.#finish(unavailable(reply.failure))
    else this.#isOpened = true
  }

  async #ask(letter: Letter, id?: number): Promise<void> {
    const reply = await this.#letters.ask(letter)
    if (this.#end !== undefined) return
    if (typeof reply === 'string') this.#giveUp(reply, id)
    else if ('failure' in reply) this.#reject(id, reply.failure)
    else this.#receive(reply, id)
  }

  #receive({ messages, more }: Extract<Reply, { messages: unknown }>, id?: number): void {
    for (const message of messages) this.#dispatch(message)
    const command = id === undefined ? undefined : this.#commands.get(id)
    if (command !== undefined) command.isOpened = true
    if (more) void this.#ask({ do: 'take', session: this.#session })
    else this.#takeLater()
  }

  /** Asks again where a command was opened and not answered, as one for a promise; ever more rarely. */
  #takeLater(): void {
    clearTimeout(this.#taking)
    if (this.#end !== undefined || ![...this.#commands.values()].some((c) => c.isOpened)) {
      this.#takeDelay = SHORTEST_TAKE_MS
      return
    }
    this.#takeDelay = Math.min(this.#takeDelay * 2, LONGEST_TAKE_MS)
    const take = () => void this.#ask({ do: 'take', session: this.#session })
    this.#taking = setTimeout(take, this.#takeDelay)
  }

  #dispatch(message: Message): void {
    if ('method' in message) {
      for (const listener of this.#listeners.get(message.method) ?? []) {
        listener(message.params as never)
      }
      return
    }
    if ('error' in message) {
      this.#reject(message.id, message.error)
      return
    }
    const command = this.#commands.get(message.id)
    this.#commands.delete(message.id)
    command?.resolve(withoutOwnFrames(command.method, message.result) as never)
  }

  #reject(id: number | undefined, reason: string): void {
    const command = id === undefined ? undefined : this.#commands.get(id)
    if (command === undefined) return
    this.#commands.delete(id as number)
    command.reject(failed(command.method, reason))
  }

  #giveUp(reason: Unanswered, id?: number): void {
    if (reason === 'ended') this.#threadEnded()
    else if (reason === 'terminated') void this.#terminated(id)
    else if (reason === 'busy') this.#finish(busy(this.thread))
    else if (reason === 'failed')
      this.#reject(id, 'the thread had neither stack nor memory left for it')
  }

  /** By the end of the thread, which shows in a moment, or of a script, as by its time-out. */
  async #terminated(id?: number): Promise<void> {
    await sleep(2 * WATCH_MS)
    this.#reject(id, 'it was terminated with what it interrupted')
  }

  #checkThread(): void {
    const { tid, threadId } = this.thread
    if (native?.interruptible(tid ?? ANY, threadId) !== this.#recipient) this.#threadEnded()
  }

  #threadEnded(): void {
    if (this.#end !== undefined) return
    this.#finish(new ThreadmeterError('ERR_THREADMETER_THREAD_ENDED', [this.thread.name]))
    // JavaScript runs no more on that thread: nothing is left to be saved.
    for (const listener of this.#endings) void listener('thread ended').catch(() => {})
  }

  #finish(end: Error): void {
    if (this.#end !== undefined) return
    this.#end = end
    clearInterval(this.#watch)
    clearTimeout(this.#taking)
    const wasTaken = this.#letters.forget()
    if (this.#isOpened || wasTaken) this.#letters.tell({ do: 'close', session: this.#session })
    for (const command of this.#commands.values()) command.reject(end)
    this.#commands.clear()
  }
}
