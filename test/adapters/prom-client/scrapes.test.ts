import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { expect, it, vi } from 'vitest'
import { Looker } from '../../../dist/cpu/look.js'
import { COUNTERS, describeClients, type Family, microsOf, SECOND, value } from './clients.js'

describeClients('scrapes', ({ name, setUp }) => {
  it('at the same time are all of one look', async () => {
    const { register } = setUp()
    const texts = await Promise.all(Array.from({ length: 10 }, () => register.metrics()))
    expect(new Set(texts).size).toBe(1)
    expect(await register.metrics()).not.toBe(texts[0])
  })

  it('work in a worker thread, for all threads', async () => {
    const worker = new Worker(fileURLToPath(new URL('../fixtures/scrape.mjs', import.meta.url)), {
      execArgv: [],
      workerData: name,
    })
    const before = microsOf('main')
    const messages = Promise.all([once(worker, 'message'), once(worker, 'exit')])
    const [[families]] = (await messages) as [[Family[]], unknown]
    expect(value(families, COUNTERS.cpu, { thread: 'main' }) * SECOND).toBeGreaterThan(before)
    expect(value(families, COUNTERS.cpu, { role: 'worker' })).toBeGreaterThan(0)
  })

  it('survive a failure to read the threads, and count it', async () => {
    const { register, json } = setUp()
    const take = vi.spyOn(Looker.prototype, 'take').mockImplementation(() => {
      throw new Error('no more descriptors')
    })
    const failed = await json()
    const text = await register.metrics()
    take.mockRestore()
    expect(value(failed, COUNTERS.errors)).toBe(1)
    expect(value(failed, COUNTERS.cpu)).toBeNaN()
    expect(text).toContain(`${COUNTERS.errors} 2\n`)
    expect(value(await json(), COUNTERS.cpu)).toBeGreaterThan(0)
    expect(value(await json(), COUNTERS.errors)).toBe(2)
  })

  it('can be of one metric alone', async () => {
    const { register } = setUp()
    const text = await register.getSingleMetricAsString(COUNTERS.cpu)
    expect(text).toMatch(/^nodejs_thread_cpu_seconds_total\{thread="main",.*\} \d/m)
  })
})
