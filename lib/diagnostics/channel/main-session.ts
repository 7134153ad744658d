import type { Session } from 'node:inspector'
import { createRequire } from 'node:module'
import { messageOf } from '../../capability.js'
import { ThreadmeterError } from '../../errors.js'
import type { Answer } from './conversation.js'

type Inspector = typeof import('node:inspector')

const unavailable = (reason: string, cause?: unknown): ThreadmeterError =>
  new ThreadmeterError('ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE', [reason], cause)

interface Permission {
  has(scope: string): boolean
}

/** Why sessions with the inspector of the main thread cannot be had in this process, or null. */
export function inspectorMissing(): string | null {
  if (!process.features.inspector) return 'this Node is built without an inspector'
  const { permission } = process as { permission?: Permission }
  if (permission === undefined || permission.has('inspector')) return null
  return process.allowedNodeEnvironmentFlags.has('--allow-inspector')
    ? 'the permission model needs --allow-inspector'
    : 'the permission model of this Node allows no inspector'
}

const nothing = () => {}

/**
 * Node hands messages over in a V8 interrupt, in the midst of whatever this thread runs. Where that is the end of
 * a tick, after its microtasks, those of the message would wait until something else wakes the thread. An
 * immediate makes the event loop go round once more.
 */
const settleSoon = () => void setImmediate(nothing)

/** A session with whose answers and events this thread goes on at once. */
export class PromptSession {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  on(event: 'inspectorNotification', listener: (message: object) => void): void {
    this.#session.on(event, (message) => {
      settleSoon()
      listener(message)
    })
  }

  post(method: string, params: object | undefined, answer: Answer): void {
    this.#session.post(method, params, (error, result) => {
      settleSoon()
      answer(error, result)
    })
  }

  disconnect(): void {
    this.#session.disconnect()
  }
}

/**
 * A session with the inspector of the main thread, which needs nothing of that thread to be opened.
 * Throws ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE.
 */
export function openMainSession(): PromptSession {
  const missing = inspectorMissing()
  if (missing !== null) throw unavailable(missing)
  try {
    // Not a static import: it throws where there is no inspector.
    const inspector: Inspector = createRequire(import.meta.url)('node:inspector')
    const session = new inspector.Session()
    session.connectToMainThread()
    return new PromptSession(session)
  } catch (error) {
    throw unavailable(messageOf(error), error)
  }
}
