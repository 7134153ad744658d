import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { connect } from 'node:net'
import { BenchProcess } from './process.mjs'

const BLOCK_LIMIT_MS = 12_000

/** The service in a process of its own, prepared as a profiler wants it. */
export class Target {
  #process

  constructor({ thread, flags = [] }) {
    this.name = thread
    this.#process = new BenchProcess('profiled', { args: [thread], flags })
  }

  get pid() {
    return this.#process.pid
  }

  async start() {
    const { ready, releasePort } = await this.#process.ready()
    Object.assign(this, ready, { releasePort })
    if (this.threadId > 0) this.name = this.threadId
  }

  ask(message) {
    return this.#process.ask(message)
  }

  /** Without a limit of time. */
  request(message) {
    return this.#process.send(message).answer
  }

  /** Puts the thread in a loop; the result ends it, and resolves with the gaps that the loop saw. */
  async block() {
    const { id, answer } = this.#process.send({ bench: 'block', limitMs: BLOCK_LIMIT_MS })
    const gaps = this.#process.answer(`${id}:gaps`)
    await answer
    return async () => {
      const socket = connect(this.releasePort, '127.0.0.1')
      socket.on('error', () => undefined).resume()
      await once(socket, 'close')
      return gaps
    }
  }

  async end() {
    await this.#process.end()
    // Where --perf-basic-prof writes to.
    rmSync(`/tmp/perf-${this.pid}.map`, { force: true })
  }
}
