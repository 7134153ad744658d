import type { Session } from 'node:inspector'
import type { Message } from './letters.js'

type Inspector = typeof import('node:inspector')

// One reply is at most about as long, which a thread can copy in some tens of ms.
const LONGEST_BATCH = 8 * 1024 * 1024
// What waits to be taken; more is an error of the command that made it.
const LONGEST_BACKLOG = 128 * 1024 * 1024

// Loaded with the first letter: threads that nobody asks for pay nothing.
function loadInspector(): Inspector {
  const inspector = process.getBuiltinModule('node:inspector')
  if (inspector === undefined) throw new Error('this Node was built without the inspector')
  return inspector
}

/** A session of the inspector with the thread that it is on, whose messages are kept to be taken. */
export class LocalSession {
  readonly #session: Session
  // As JSON: what is long is made into text once.
  readonly #messages: string[] = []
  #backlog = 0
  #isOverfull = false

  constructor() {
    this.#session = new (loadInspector().Session)()
    this.#session.connect()
    this.#session.on('inspectorNotification', ({ method, params }) => {
      this.#keep({ method, params })
    })
  }

  /** Most commands are answered before this returns. */
  post(id: number, method: string, params: object | undefined): void {
    this.#session.post(method, params, (error, result) => {
      if (error !== null) this.#keep({ id, error: error.message })
      else if (this.#isOverfull) this.#keep({ id, error: 'it made too many events' })
      else this.#keep({ id, result })
      this.#isOverfull = false
    })
  }

  /** JSON of a list of messages, the oldest first, and whether more are left. */
  take(): { messages: string; more: boolean } {
    let length = 0
    let count = 0
    for (const message of this.#messages) {
      if (count > 0 && length + message.length > LONGEST_BATCH) break
      length += message.length
      count++
    }
    this.#backlog -= length
    const messages = `[${this.#messages.splice(0, count).join()}]`
    return { messages, more: this.#messages.length > 0 }
  }

  close(): void {
    this.#session.disconnect()
  }

  #keep(message: Message): void {
    const json = JSON.stringify(message)
    const isEvent = 'method' in message
    if (isEvent && this.#backlog + json.length > LONGEST_BACKLOG) {
      this.#isOverfull = true
      return
    }
    this.#backlog += json.length
    this.#messages.push(json)
  }
}
