import { isMainThread, threadId } from 'node:worker_threads'
import { available, type Capability, messageOf, missing } from '../../capability.js'
import { native, nativeError } from '../../native.js'
import type { Letter, OWN_FUNCTION, ROOM_FUNCTION } from './letters.js'
import { LocalSession } from './local-session.js'

// Sessions that nobody closed, because who opened them ended first, make room.
const MOST_SESSIONS = 16

// How long the end of a worker waits for those who converse with it to take what there is: they look
// ten times a second.
const LONGEST_FAREWELL_MS = 300

const sessions = new Map<string, LocalSession>()
let offered: Capability | undefined
let saysFarewell = false

/** Interrupts go on in this wait: it ends when all sessions are closed. */
function farewell(): void {
  if (sessions.size === 0) return
  native?.announceEnd()
  const nothing = new Int32Array(new SharedArrayBuffer(4))
  const end = performance.now() + LONGEST_FAREWELL_MS
  while (sessions.size > 0 && performance.now() < end) Atomics.wait(nothing, 0, 0, 10)
}

function open(name: string): void {
  if (sessions.has(name)) return
  if (sessions.size >= MOST_SESSIONS) close(sessions.keys().next().value as string)
  sessions.set(name, new LocalSession())
  if (isMainThread || saysFarewell) return
  saysFarewell = true
  process.on('exit', farewell)
}

function close(name: string): void {
  const session = sessions.get(name)
  sessions.delete(name)
  session?.close()
}

function follow(letter: Letter): string {
  if (letter.do === 'open') open(letter.session)
  if (letter.do === 'close') close(letter.session)
  if (letter.do === 'open' || letter.do === 'close') return '{"messages":[]}'
  if (letter.do === 'post' && letter.opens) open(letter.session)
  const session = sessions.get(letter.session)
  if (session === undefined) throw new Error('the session was closed')
  if (letter.do === 'post') session.post(letter.id, letter.method, letter.params)
  const { messages, more } = session.take()
  return `{"messages":${messages},"more":${more}}`
}

// Some 100 KB of stack. Where they are not left, an answer could get lost between the inspector and us.
const ROOM_FRAMES = 1000

interface OwnFunctions {
  readonly [OWN_FUNCTION]: (letter: string) => string
  readonly [ROOM_FUNCTION]: (frames: number) => number
}

// Their names are what stacks and profiles are freed of them by.
const answers: OwnFunctions = {
  threadmeterMakesRoom: (frames) =>
    frames === 0 ? 0 : 1 + answers.threadmeterMakesRoom(frames - 1),

  threadmeterAnswersLetter(letter) {
    try {
      answers.threadmeterMakesRoom(ROOM_FRAMES)
      return follow(JSON.parse(letter))
    } catch (error) {
      return JSON.stringify({ failure: messageOf(error), isForRoom: error instanceof RangeError })
    }
  },
}

/**
 * Makes the calling thread reachable by interrupts: in the middle of a loop, and while the main thread
 * is in a native call. It neither keeps the thread alive nor runs anything until somebody asks.
 * Idempotent; says why where it cannot be.
 *
 * Cost: 60 to 110 µs once, nothing afterwards. The first command loads the inspector, in about 1 ms.
 */
export function makeInterruptible(): Capability {
  offered ??= offer()
  return offered
}

function offer(): Capability {
  if (native === undefined) return missing(messageOf(nativeError))
  const reason = native.offerInterrupts(threadId, answers.threadmeterAnswersLetter)
  return reason === '' ? available('interrupts of V8') : missing(reason)
}
