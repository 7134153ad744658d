import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { median } from './statistics.mjs'

const WINDOW_MS = 1000
const STARTUP_MS = 60_000
const SINGLE_SCRAPES = 5
const SINGLE_MS = 700

const fileOf = (name) => fileURLToPath(new URL(`../fixtures/${name}.mjs`, import.meta.url))

/** A process of the benchmark that answers each message with one. */
class Peer {
  #child

  constructor(name, args = []) {
    this.#child = fork(fileOf(name), args, { execArgv: [] })
  }

  get pid() {
    return this.#child.pid
  }

  answer() {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('no answer')), STARTUP_MS)
      const ended = () => reject(new Error('it ended'))
      this.#child.once('exit', ended).once('message', (message) => {
        clearTimeout(late)
        this.#child.off('exit', ended)
        resolve(message)
      })
    })
  }

  send(message) {
    this.#child.send(message)
  }

  ask(message) {
    this.send(message)
    return this.answer()
  }

  async end() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.disconnect()
    await exited
  }
}

/** One more process that sends requests or scrapes, from outside of all services. */
export async function startPeer(name) {
  const peer = new Peer(name)
  await peer.answer()
  return peer
}

/** A service of several workers whose metrics one client collects. */
export class Service {
  #peer

  constructor(client, mode, workers) {
    this.#peer = new Peer('service', [client, mode, String(workers)])
  }

  async start() {
    Object.assign(this, await this.#peer.answer())
  }

  /** Requests, and scrapes where there is a scraper, for some windows of a second. */
  async phase({ load, scraper, windows, pairsPerTick }) {
    const { url, port } = this
    await this.#peer.ask({ bench: 'start', windowMs: WINDOW_MS })
    load.send({ bench: 'start', port, pairsPerTick })
    scraper?.send({ bench: 'start', url, everyMs: WINDOW_MS })
    // Half a tick more, so that the last window is closed.
    await sleep(windows * WINDOW_MS + WINDOW_MS / 10)
    const scrapes = (await scraper?.ask({ bench: 'stop' })) ?? []
    const latencies = await load.ask({ bench: 'stop' })
    const blocks = await this.#peer.ask({ bench: 'stop' })
    return { scrapes, latencies, blocks }
  }

  /** Bytes that cross between threads or processes for one scrape, and those read from files. */
  async bytesMoved(scraper) {
    const read = () => Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${this.#peer.pid}/io`))[1])
    const files = []
    await this.#peer.ask({ bench: 'countBytes' })
    for (let scrape = 0; scrape < SINGLE_SCRAPES; scrape++) {
      await sleep(SINGLE_MS)
      const before = read()
      await scraper.ask({ bench: 'once', url: this.url })
      files.push(read() - before)
    }
    const { workers } = await this.#peer.ask({ bench: 'bytes' })
    const messages = workers.reduce((sum, bytes) => sum + bytes, 0) / SINGLE_SCRAPES
    return { messages, files: median(files) }
  }

  async end() {
    await this.#peer.end()
  }
}
