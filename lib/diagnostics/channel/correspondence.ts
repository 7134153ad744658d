import { setTimeout as sleep } from 'node:timers/promises'
import { native, requireNative } from '../../native.js'
import type { Letter, Reply } from './letters.js'

/** What takeReply() says in place of an answer; as in native/interrupts.h. */
const WAITING = 0
const UNANSWERED: Readonly<Record<number, Unanswered>> = { 3: 'terminated', 4: 'ended' }

const SHORTEST_POLL_MS = 1
const LONGEST_POLL_MS = 25

/** Why a letter has no answer. */
export type Unanswered = 'ended' | 'terminated' | 'busy' | 'failed' | 'forgotten'

// A stack that was full is another one a moment later.
const MOST_TRIES = 20
const RETRY_MS = 5

/** A reply that holds what the inspector said. */
export type Told = Extract<Reply, { messages: unknown }>

export const isTold = (reply: Reply | Unanswered): reply is Told =>
  typeof reply === 'object' && 'messages' in reply

/** Whether the thread could not answer for want of stack or memory. */
export const lacksRoom = (reply: Reply | Unanswered): boolean =>
  reply === 'failed' || (typeof reply === 'object' && 'failure' in reply && !!reply.isForRoom)

interface Expected {
  readonly resolve: (reply: Reply | Unanswered) => void
}

// One for all letters of this thread that wait. A timer that keeps the thread alive: without it a thread
// that is unref'd would end in the middle.
const expected = new Map<number, Expected>()
let timer: NodeJS.Timeout | undefined
let delay = SHORTEST_POLL_MS

function poll(): void {
  timer = undefined
  const collect = requireNative('an interrupt').takeReply
  for (const [letter, { resolve }] of expected) {
    const reply = collect(letter)
    if (reply === WAITING) continue
    expected.delete(letter)
    delay = SHORTEST_POLL_MS
    if (typeof reply === 'string') resolve(JSON.parse(reply))
    else resolve(UNANSWERED[reply] ?? 'failed')
  }
  delay = Math.min(delay * 1.5, LONGEST_POLL_MS)
  if (expected.size > 0) timer = setTimeout(poll, delay)
}

function expect(letter: number): Promise<Reply | Unanswered> {
  return new Promise((resolve) => {
    expected.set(letter, { resolve })
    delay = SHORTEST_POLL_MS
    clearTimeout(timer)
    timer = setTimeout(poll, delay)
  })
}

/** Letters to one thread, and their answers. */
export class Correspondence {
  readonly #recipient: number
  readonly #unanswered = new Set<number>()
  #isForgotten = false

  constructor(recipient: number) {
    this.#recipient = recipient
  }

  async ask(letter: Letter): Promise<Reply | Unanswered> {
    const number = this.#send(letter, true)
    if (number <= 0) return number === 0 ? 'ended' : number === -1 ? 'busy' : 'failed'
    this.#unanswered.add(number)
    try {
      return await expect(number)
    } finally {
      this.#unanswered.delete(number)
    }
  }

  /** Sends a letter again where it was in vain. */
  async insist(
    letter: Letter,
    isInVain: (reply: Reply | Unanswered) => boolean,
  ): Promise<Reply | Unanswered> {
    let reply = await this.ask(letter)
    for (let i = 0; i < MOST_TRIES && isInVain(reply); i++) {
      await sleep(RETRY_MS)
      if (this.#isForgotten) return 'forgotten'
      reply = await this.ask(letter)
    }
    return reply
  }

  /** Sends a letter whose answer nobody waits for. */
  tell(letter: Letter): void {
    this.#send(letter, false)
  }

  /** Takes back all letters that have no answer yet. Returns whether any had been opened. */
  forget(): boolean {
    this.#isForgotten = true
    let wasOpened = false
    for (const number of this.#unanswered) {
      if (native?.forgetLetter(number) === false) wasOpened = true
      expected.get(number)?.resolve('forgotten')
      expected.delete(number)
    }
    return wasOpened
  }

  #send(letter: Letter, wantsReply: boolean): number {
    return requireNative('an interrupt').sendLetter(
      this.#recipient,
      JSON.stringify(letter),
      wantsReply,
    )
  }
}
