import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Registry } from 'prom-client'
import { threadMetrics } from 'threadmeter/prom-client'
import { expect, it } from 'vitest'

// Works for 300 ms, and loads threadmeter only when it is told to end.
const SOURCE = `
  const { parentPort } = require('node:worker_threads')
  const end = performance.now() + 300
  while (performance.now() < end);
  parentPort.once('message', () => { require('threadmeter') })
`

it('counts a worker once that registers right before its end', async () => {
  const register = new Registry()
  threadMetrics({ register })
  const seconds = async (): Promise<number> => {
    const families = await register.getMetricsAsJSON()
    const { values } = families.find(({ name }) => name === 'nodejs_thread_cpu_seconds_total') as {
      values: { value: number }[]
    }
    return values.reduce((sum, { value }) => sum + value, 0)
  }
  const worker = new Worker(SOURCE, { eval: true, execArgv: [] })
  await once(worker, 'online')
  // Old enough to count as what it looks like.
  await sleep(1500)
  const before = await seconds()
  worker.postMessage('end')
  await once(worker, 'exit')
  const after = await seconds()
  const { user, system } = process.cpuUsage()
  // What all threads used cannot be more than what the process used.
  expect(after).toBeLessThanOrEqual((user + system) / 1e6)
  expect(after).toBeGreaterThanOrEqual(before)
})
