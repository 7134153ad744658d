import { native, requireNative } from '../../native.js'
import type { Letter, Reply } from './letters.js'

/** What takeReply() says in place of an answer; as in native/interrupts.h. */
const WAITING = 0
const UNANSWERED: Readonly<Record<number, Unanswered>> = { 3: 'terminated', 4: 'ended' }

const SHORTEST_POLL_MS = 1
const LONGEST_POLL_MS = 25

/** Why a letter has no answer. */
export type Unanswered = 'ended' | 'terminated' | 'busy' | 'failed' | 'forgotten'

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

  /** Sends a letter whose answer nobody waits for. */
  tell(letter: Letter): void {
    this.#send(letter, false)
  }

  /** Takes back all letters that have no answer yet. Returns whether any had been opened. */
  forget(): boolean {
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
