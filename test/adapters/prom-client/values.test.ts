import { threads } from 'threadmeter'
import { expect, it } from 'vitest'
import { burnUser } from '../../fixtures/burn.mjs'
import { Occupied } from '../../fixtures/occupied.js'
import { allCount, runTasks } from '../tasks.js'
import {
  COUNTERS,
  describeClients,
  GAUGES,
  microsOf,
  processMicros,
  SECOND,
  value,
} from './clients.js'

describeClients('families and their values', ({ setUp }) => {
  it('are those of the documentation, each with its type', async () => {
    const { json } = setUp()
    const types = Object.fromEntries((await json()).map((family) => [family.name, family.type]))
    expect(types).toEqual({
      ...Object.fromEntries(Object.values(COUNTERS).map((counter) => [counter, 'counter'])),
      ...Object.fromEntries(Object.values(GAUGES).map((gauge) => [gauge, 'gauge'])),
    })
  })

  it('leave out context switches on request', async () => {
    const { json } = setUp({ contextSwitches: false })
    const names = (await json()).map((family) => family.name)
    expect(names).not.toContain(COUNTERS.switches)
    expect(names).toContain(COUNTERS.runDelay)
  })

  // Each reading is bracketed by the same counters read by other means right before and after, so that
  // no tolerance is needed beyond the rounding to whole µs of user and of system time.
  it('of the CPU time of the main thread are what threads() says', async () => {
    const { json } = setUp()
    burnUser(30)
    const before = microsOf('main')
    const families = await json()
    const after = microsOf('main')
    const micros = value(families, COUNTERS.cpu, { thread: 'main', role: 'main' }) * SECOND
    expect(micros).toBeGreaterThanOrEqual(before - 2)
    expect(micros).toBeLessThanOrEqual(after + 2)
    expect(value(families, COUNTERS.cpu, { thread: 'main', mode: 'user' })).toBeGreaterThan(0.02)
  })

  it('of run delay and context switches of the main thread are what threads() says', async () => {
    const main = () => threads({ contextSwitches: true })[0]
    const { json } = setUp()
    const before = main()
    const families = await json()
    const after = main()
    const delay = value(families, COUNTERS.runDelay, { thread: 'main' }) * 1e9
    expect(delay).toBeGreaterThanOrEqual((before.runDelay as number) - 1)
    expect(delay).toBeLessThanOrEqual((after.runDelay as number) + 1)
    for (const kind of ['voluntary', 'involuntary'] as const) {
      const switches = value(families, COUNTERS.switches, { thread: 'main', kind })
      expect(switches).toBeGreaterThanOrEqual(before.contextSwitches?.[kind] as number)
      expect(switches).toBeLessThanOrEqual(after.contextSwitches?.[kind] as number)
    }
  })

  it('of a worker that cannot answer are those of its own clock', async () => {
    const { json } = setUp()
    const busy = new Occupied('loop')
    await busy.occupied()
    busy.turn()
    const before = busy.latest
    const families = await json()
    busy.turn()
    const after = busy.latest
    const thread = `worker-${busy.threadId}`
    const ns = value(families, COUNTERS.cpu, { thread, role: 'worker' }) * 1e9
    await busy.release()
    expect(ns).toBeGreaterThanOrEqual(before - 2000)
    expect(ns).toBeLessThanOrEqual(after + 2000)
  })

  it('of the process add up to process.cpuUsage(), short workers included', async () => {
    const { json } = setUp()
    await runTasks(Array<undefined>(12), 4, 20)
    await allCount()
    const before = processMicros()
    const sum = value(await json(), COUNTERS.process) * SECOND
    const after = processMicros()
    const slack = Math.max(before / 100, 5000)
    expect(sum).toBeGreaterThanOrEqual(before - slack)
    expect(sum).toBeLessThanOrEqual(after + slack)
  })

  it('of the parts are those of the threads, and the rest of ended ones', async () => {
    const { json } = setUp()
    const families = await json()
    for (const mode of ['user', 'system']) {
      const of = (part: string) => value(families, COUNTERS.process, { part, mode })
      const main = value(families, COUNTERS.cpu, { role: 'main', mode })
      const all = value(families, COUNTERS.cpu, { mode })
      expect(of('main')).toBe(main)
      expect(of('main') + of('workers') + of('helpers')).toBeCloseTo(all, 6)
      expect(of('exited')).toBeGreaterThanOrEqual(0)
    }
  })

  it('of the number of threads are those of threads()', async () => {
    const { json } = setUp()
    const busy = new Occupied('loop')
    await busy.occupied()
    const families = await json()
    const list = threads()
    await busy.release()
    for (const role of ['main', 'worker', 'inspector', 'observer']) {
      const count = list.filter((thread) => thread.role === role).length
      expect(value(families, GAUGES.threads, { role }), role).toBe(count)
    }
    expect(value(families, GAUGES.threads)).toBe(list.length)
  })
})
