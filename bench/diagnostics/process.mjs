import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const ANSWER_MS = 30_000

const fileOf = (name) => fileURLToPath(new URL(`../fixtures/${name}.mjs`, import.meta.url))

/** Resolves with undefined where the answer takes longer. */
export function within(ms, promise) {
  let timer
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** A process of the benchmark; messages to it and their answers carry an id. */
export class BenchProcess {
  #child
  #waiting = new Map()
  #facts = {}
  #ids = 0
  #ended

  constructor(name, { args = [], flags = [], env = {} } = {}) {
    this.#child = fork(fileOf(name), args, {
      execArgv: flags,
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#child.on('message', (message) => this.#take(message))
    this.#ended = once(this.#child, 'exit')
    this.#ended.then(() => this.#fail(new Error(`${name} ended`)))
  }

  get pid() {
    return this.#child.pid
  }

  #take({ id, value, error, ...facts }) {
    Object.assign(this.#facts, facts)
    const waiting = this.#waiting.get(facts.ready ? 'ready' : id)
    if (error !== undefined) waiting?.reject(new Error(error))
    else waiting?.resolve(facts.ready ? this.#facts : value)
  }

  #fail(error) {
    for (const { reject } of this.#waiting.values()) reject(error)
  }

  /** The answer with this id, whenever it comes. */
  answer(id) {
    const promise = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    // Who asks may have given up by the time that the process ends.
    promise.catch(() => undefined)
    return promise.finally(() => this.#waiting.delete(id))
  }

  async #inTime(promise, what) {
    const got = await within(
      ANSWER_MS,
      promise.then((value) => ({ value })),
    )
    if (got === undefined) throw new Error(`no answer to ${what}`)
    return got.value
  }

  /** What it tells of itself once it is ready. */
  ready() {
    return this.#inTime(this.answer('ready'), 'the start')
  }

  /** Sends a message; `{ id, answer }`. */
  send(message) {
    const id = `${++this.#ids}`
    const answer = this.answer(id)
    this.#child.send({ id, ...message })
    return { id, answer }
  }

  ask(message) {
    return this.#inTime(this.send(message).answer, message.bench)
  }

  async end() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.disconnect()
    const gone = await within(2000, this.#ended)
    if (gone === undefined) this.#child.kill('SIGKILL')
    await this.#ended
  }
}
