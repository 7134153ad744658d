import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const FILE = new URL('../fixtures/worker.mjs', import.meta.url)
const AT_ONCE = 8

/** Workers that loaded threadmeter and wait. */
export class Workers {
  list = []
  tids = []
  #flag = new Int32Array(new SharedArrayBuffer(4))

  async #start() {
    const worker = new Worker(FILE, {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 },
      workerData: { flag: this.#flag },
    })
    const [tid] = await once(worker, 'message')
    this.list.push(worker)
    this.tids.push(tid)
  }

  async grow(count) {
    while (this.list.length < count) {
      const missing = Math.min(count - this.list.length, AT_ONCE)
      await Promise.all(Array.from({ length: missing }, () => this.#start()))
    }
  }

  /** Sends a command, made for each index, and waits until all have taken it. */
  async command(make) {
    await Promise.all(
      this.list.map((worker, index) => {
        worker.postMessage(make(index))
        return once(worker, 'message')
      }),
    )
  }

  /** Lets the first `count` workers burn until `rest()`. */
  burn(count) {
    Atomics.store(this.#flag, 0, 1)
    for (const worker of this.list.slice(0, count)) worker.postMessage('burn')
  }

  async rest(count) {
    const done = this.list.slice(0, count).map((worker) => once(worker, 'message'))
    Atomics.store(this.#flag, 0, 0)
    await Promise.all(done)
  }

  async close() {
    await Promise.all(this.list.map((worker) => worker.terminate()))
  }
}
