import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { threads } from 'threadmeter'
import { expect, it } from 'vitest'
import { burnUser } from '../../fixtures/burn.mjs'
import { Occupied } from '../../fixtures/occupied.js'
import { describeClients, type Family, GAUGES, value } from './clients.js'

describeClients('gauges', ({ setUp }) => {
  it('are absent before there was a window, then tell the state of each thread', async () => {
    const { json } = setUp({ minInterval: 500 })
    const first = await json()
    expect(value(first, GAUGES.state)).toBeNaN()
    expect(value(first, GAUGES.utilization)).toBeNaN()

    const [busy, blocked] = [new Occupied('loop'), new Occupied('atomicsWait')]
    await Promise.all([busy.occupied(), blocked.occupied()])
    await sleep(500)
    await json() // ends the window in which they started
    await sleep(500)
    const families = await json()
    const label = ({ threadId }: Occupied) => ({ thread: `worker-${threadId}`, role: 'worker' })
    // Starved, on a machine that has no processor to spare.
    const running =
      value(families, GAUGES.state, { ...label(busy), state: 'busy' }) +
      value(families, GAUGES.state, { ...label(busy), state: 'starved' })
    expect(running).toBe(1)
    expect(value(families, GAUGES.state, { ...label(blocked), state: 'blocked' })).toBe(1)
    expect(value(families, GAUGES.state, { thread: 'main', state: 'idle' })).toBe(1)
    expect(value(families, GAUGES.state, label(blocked))).toBe(1)
    expect(value(families, GAUGES.utilization, label(blocked))).toBeGreaterThan(0.95)

    await Promise.all([busy.release(), blocked.release()])
    await sleep(500)
    expect(value(await json(), GAUGES.state, label(blocked))).toBeNaN()
  })

  it('give the event loop utilization that the thread itself measures', async () => {
    const { json } = setUp({ minInterval: 1 })
    const start = performance.eventLoopUtilization()
    for (let turn = 0; turn < 10; turn++) {
      burnUser(30)
      await sleep(20)
    }
    const own = performance.eventLoopUtilization(start)
    const ratio = value(await json(), GAUGES.utilization, { thread: 'main', role: 'main' })
    // Both windows are half a second and begin and end within a few ms of each other.
    expect(own.utilization).toBeGreaterThan(0.3)
    expect(ratio).toBeGreaterThan(own.utilization - 0.05)
    expect(ratio).toBeLessThan(own.utilization + 0.05)
  })

  it('hold their values until a window is over', async () => {
    const { json } = setUp({ minInterval: 400 })
    await sleep(400)
    const of = (families: Family[]) => value(families, GAUGES.utilization, { thread: 'main' })
    const first = of(await json())
    burnUser(50)
    expect(of(await json())).toBe(first)
    await sleep(400)
    expect(of(await json())).not.toBe(first)
  })

  it('are the mean over the threads of a label', async () => {
    const { json } = setUp({ minInterval: 1 })
    const busy = new Occupied('loop')
    await busy.occupied()
    const idle = new Worker(
      `require('threadmeter').setThreadName('pair'); setInterval(() => {}, 1e6)`,
      { eval: true, execArgv: [] },
    )
    const paired = new Worker(
      `require('threadmeter').setThreadName('pair'); setTimeout(() => { for (;;); }, 1)`,
      { eval: true, execArgv: [] },
    )
    const live = () => threads().filter((thread) => thread.name === 'pair').length
    while (live() < 2) await sleep(5)
    await sleep(100)
    await json()
    await sleep(300)
    const families = await json()
    await Promise.all([busy.release(), idle.terminate(), paired.terminate()])
    const ratio = value(families, GAUGES.utilization, { thread: 'pair' })
    expect(value(families, GAUGES.state, { thread: 'pair' })).toBe(2)
    expect(value(families, GAUGES.state, { thread: 'pair', state: 'idle' })).toBe(1)
    expect(ratio).toBeGreaterThan(0.45)
    expect(ratio).toBeLessThan(0.55)
  })
})
