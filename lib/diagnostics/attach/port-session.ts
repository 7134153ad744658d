import type { MainSession } from '../channel/origin.js'

// The longest message that Node's WebSocket takes, tried on 22, 24 and 26: it closes the connection on more.
const LONGEST_MESSAGE = '128 MiB'

type Answer = (error: unknown, result?: unknown) => void

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

/** A session with the main thread of another process, over its debugging port. */
export class PortSession implements MainSession {
  readonly #socket: WebSocket
  readonly #answers = new Map<number, Answer>()
  readonly #early: string[] = []
  #notify: (message: object) => void = () => {}
  #lost: (error: Error) => void = () => {}
  #lastId = 0
  #isOver = false

  /** @param explain what is wrong when the other side ends the session */
  constructor(url: string, explain: (reason: string) => Error) {
    this.#socket = new WebSocket(url)
    this.#socket.onopen = () => {
      for (const text of this.#early.splice(0)) this.#socket.send(text)
    }
    this.#socket.onmessage = ({ data }) => this.#receive(String(data))
    const end = (reason: string): void => {
      if (this.#isOver) return
      this.#isOver = true
      this.#answers.clear()
      this.#lost(explain(reason))
    }
    this.#socket.onerror = () =>
      end(`the connection failed, as it does on an answer of more than ${LONGEST_MESSAGE}`)
    this.#socket.onclose = () => end('the connection was closed from the other side')
  }

  on(_event: 'inspectorNotification', listener: (message: object) => void): void {
    this.#notify = listener
  }

  onLost(listener: (error: Error) => void): void {
    this.#lost = listener
  }

  post(method: string, params: object | undefined, answer: Answer): void {
    if (this.#isOver) return
    const id = ++this.#lastId
    this.#answers.set(id, answer)
    const text = JSON.stringify({ id, method, params })
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text)
    else this.#early.push(text)
  }

  disconnect(): void {
    this.#isOver = true
    this.#answers.clear()
    this.#socket.close()
  }

  #receive(text: string): void {
    if (this.#isOver) return
    const { id, method, params, result, error } = JSON.parse(text) as Message
    if (id === undefined) {
      this.#notify({ method, params })
      return
    }
    const answer = this.#answers.get(id)
    this.#answers.delete(id)
    answer?.(error && Object.assign(new Error(error.message), { code: error.code }), result)
  }
}
