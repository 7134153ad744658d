import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { threads } from 'threadmeter'
import { type PrometheusThreadMetricsOptions, threadMetrics } from 'threadmeter/prom-client'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Looker } from '../../dist/cpu/look.js'
import { burnUser } from '../fixtures/burn.mjs'
import { Occupied } from '../fixtures/occupied.js'
import { runTask, runTasks } from './tasks.js'

// One contract for both clients. They are required as an application's own copy would be: the adapter
// must not need to know which of them made the registry.
const require = createRequire(import.meta.url)
const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8'
const SECOND = 1e6

type Client = typeof import('prom-client')
type Labels = Record<string, string | number>
interface Family {
  name: string
  help: string
  type: string
  values: { value: number; labels: Labels }[]
}

const COUNTERS = {
  cpu: 'nodejs_thread_cpu_seconds_total',
  runDelay: 'nodejs_thread_run_delay_seconds_total',
  switches: 'nodejs_thread_context_switches_total',
  process: 'nodejs_process_cpu_seconds_total',
  errors: 'nodejs_thread_collect_errors_total',
}
const GAUGES = {
  utilization: 'nodejs_thread_event_loop_utilization_ratio',
  state: 'nodejs_thread_state',
  threads: 'nodejs_threads',
}

/** The sum over the samples of a family whose labels match; NaN when there is none. */
function value(families: readonly Family[], name: string, match: Labels = {}): number {
  const samples = families
    .filter((family) => family.name === name)
    .flatMap(({ values }) => values)
    .filter(({ labels }) => Object.entries(match).every(([key, is]) => labels[key] === is))
  return samples.length === 0 ? Number.NaN : samples.reduce((sum, one) => sum + one.value, 0)
}

const microsOf = (role: string): number =>
  threads()
    .filter((thread) => thread.role === role)
    .reduce((sum, { cpu }) => sum + cpu.user + cpu.system, 0)

const processMicros = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}

describe.each(['prom-client', '@prometheus-io/client'])('threadMetrics() with %s', (name) => {
  const client = require(name) as Client
  let close = (): void => {}

  function setUp(options: Omit<PrometheusThreadMetricsOptions, 'register'> = {}) {
    const register = new client.Registry()
    const handle = threadMetrics({ register, ...options })
    close = () => handle.close()
    const json = async (): Promise<Family[]> =>
      (await register.getMetricsAsJSON()) as unknown as Family[]
    return { register, handle, json }
  }

  afterEach(() => close())

  describe('families', () => {
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

    it('pass promtool check metrics', async () => {
      const { register } = setUp({ minInterval: 1 })
      await runTask('checked', 5)
      const promtool = spawnSync('promtool', ['check', 'metrics'], {
        input: await register.metrics(),
        encoding: 'utf8',
      })
      expect(promtool).toMatchObject({ status: 0, stdout: '', stderr: '' })
    })
  })

  describe('values', () => {
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

  describe('gauges', () => {
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

  describe('counters', () => {
    it('never go down while workers come and go, and lose nothing of a pool', async () => {
      const { json } = setUp()
      const last = new Map<string, number>()
      let scrapes = 0
      const scrape = async (): Promise<Family[]> => {
        const families = await json()
        scrapes++
        for (const { name, type, values } of families) {
          if (type !== 'counter') continue
          for (const { labels, value: now } of values) {
            const key = `${name} ${JSON.stringify(labels)}`
            if (now < (last.get(key) ?? 0)) expect.fail(`${key}: ${last.get(key)} to ${now}`)
            last.set(key, now)
          }
        }
        return families
      }
      const names = Array.from(
        { length: 40 },
        (_, index) => ['alpha', 'beta', undefined][index % 3],
      )
      let running = true
      const work = runTasks(names, 4, 10).finally(() => {
        running = false
      })
      while (running) {
        await scrape()
        await sleep(7)
      }
      const used = await work
      const families = await scrape()
      expect(scrapes).toBeGreaterThan(20)
      for (const pool of ['alpha', 'beta']) {
        const told = used.filter((_, index) => names[index] === pool)
        const total = told.reduce((sum, micros) => sum + micros, 0)
        const counted = value(families, COUNTERS.cpu, { thread: pool, role: 'worker' }) * SECOND
        const elsewhere = value(families, COUNTERS.cpu, { role: 'worker' }) * SECOND
        // A scrape may have met a worker before it named itself; what it had used by then, to start,
        // stays under worker-<threadId>. After its last word it still has to take its isolate down.
        expect(counted).toBeGreaterThan(total * 0.4)
        expect(elsewhere).toBeGreaterThan(used.reduce((sum, micros) => sum + micros, 0))
      }
      const slack = Math.max(processMicros() / 100, 5000)
      const off = Math.abs(value(families, COUNTERS.process) * SECOND - processMicros())
      expect(off).toBeLessThan(slack)
    })

    it('keep to the label budget while hundreds of workers come and go', async () => {
      const { json } = setUp({ maxThreads: 8, contextSwitches: false })
      const names = Array.from({ length: 200 }, (_, index) =>
        index % 2 === 0 ? undefined : `churn-${index}`,
      )
      const labels = new Set<unknown>()
      let running = true
      const work = runTasks(names, 6, 1).finally(() => {
        running = false
      })
      let families: Family[] = []
      while (running) {
        families = await json()
        await sleep(20)
      }
      const used = (await work).reduce((sum, micros) => sum + micros, 0)
      families = await json()
      for (const family of families) {
        for (const sample of family.values) {
          if (sample.labels.role === 'worker') labels.add(sample.labels.thread ?? 'worker')
        }
      }
      // Eight, and `worker` for what has no name.
      expect(labels.size).toBeLessThanOrEqual(9)
      expect(labels).toContain('churn')
      expect(labels).toContain('worker')
      expect(value(families, COUNTERS.cpu, { role: 'worker' }) * SECOND).toBeGreaterThan(used)
    })

    it('stay as they are on resetMetrics()', async () => {
      const { register, json } = setUp()
      const before = value(await json(), COUNTERS.cpu, { thread: 'main' })
      register.resetMetrics()
      expect(value(await json(), COUNTERS.cpu, { thread: 'main' })).toBeGreaterThanOrEqual(before)
    })
  })

  describe('scrapes', () => {
    it('at the same time are all of one look', async () => {
      const { register } = setUp()
      const texts = await Promise.all(Array.from({ length: 10 }, () => register.metrics()))
      expect(new Set(texts).size).toBe(1)
      expect(await register.metrics()).not.toBe(texts[0])
    })

    it('work in a worker thread, for all threads', async () => {
      const worker = new Worker(fileURLToPath(new URL('fixtures/scrape.mjs', import.meta.url)), {
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

  describe('formats', () => {
    it('write every sample of the JSON into the text', async () => {
      const { register, json } = setUp({ minInterval: 1 })
      await sleep(5)
      const [families, text] = await Promise.all([json(), register.metrics()])
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
      const samples = families.flatMap((family) =>
        family.values.map(({ labels, value: now }) => {
          const pairs = Object.entries(labels).map(([key, is]) => `${key}="${is}"`)
          return `${family.name}${pairs.length > 0 ? `{${pairs}}` : ''} ${now}`
        }),
      )
      expect(lines.sort()).toEqual(samples.sort())
    })

    it('are right in OpenMetrics, and in plain text after that', async () => {
      const { register, json } = setUp()
      register.setContentType(OPENMETRICS as never)
      for (let round = 0; round < 2; round++) {
        const text = await register.metrics()
        expect(text).toContain('# TYPE nodejs_thread_cpu_seconds counter\n')
        expect(text).toMatch(/^nodejs_thread_cpu_seconds_total\{thread="main",.*\} \d/m)
        expect(text).not.toContain('_total_total')
        expect(text).toMatch(/\n# EOF\n$/)
      }
      const names = (await json()).map((family) => family.name)
      expect(names).toContain(COUNTERS.cpu)
      register.setContentType(PROMETHEUS as never)
      expect(await register.metrics()).toContain(`# TYPE ${COUNTERS.cpu} counter\n`)
    })

    it('carry default labels and labels of their own', async () => {
      const { register, json } = setUp({ labels: { tier: 'front' } })
      register.setDefaultLabels({ service: 'shop' })
      const own = { thread: 'main', role: 'main', mode: 'user', tier: 'front', service: 'shop' }
      expect(value(await json(), COUNTERS.cpu, own)).toBeGreaterThan(0)
      const line = (await register.metrics())
        .split('\n')
        .find((text) => text.startsWith(`${COUNTERS.cpu}{thread="main"`))
      for (const [key, is] of Object.entries(own)) expect(line).toContain(`${key}="${is}"`)
      expect(value(await json(), COUNTERS.errors, { tier: 'front' })).toBe(0)
    })

    it('carry the prefix on every name', async () => {
      const { json } = setUp({ prefix: 'shop_' })
      const names = (await json()).map((family) => family.name)
      expect(names.filter((family) => !family.startsWith('shop_nodejs_'))).toEqual([])
    })

    it('merge into another registry', async () => {
      const { register } = setUp()
      const merged = client.Registry.merge([register, new client.Registry()])
      expect(await merged.metrics()).toContain(`${COUNTERS.cpu}{thread="main"`)
    })

    it('aggregate over processes', async () => {
      const { json } = setUp({ minInterval: 1 })
      await sleep(20)
      const one = await json()
      const aggregated = client.AggregatorRegistry.aggregate([one, structuredClone(one)])
      const both = (await aggregated.getMetricsAsJSON()) as unknown as Family[]
      const main = { thread: 'main', role: 'main' }
      const ratio = value(one, GAUGES.utilization, main)
      expect(value(both, COUNTERS.cpu, main)).toBeCloseTo(2 * value(one, COUNTERS.cpu, main), 6)
      expect(value(both, GAUGES.threads)).toBe(2 * value(one, GAUGES.threads))
      expect(value(both, GAUGES.utilization, main)).toBeCloseTo(ratio, 6)
    })
  })

  describe('registration', () => {
    it('is refused twice on one registry, and leaves the first alone', async () => {
      const { register, json } = setUp()
      expect(() => threadMetrics({ register })).toThrow(
        expect.objectContaining({
          name: 'RangeError',
          code: 'ERR_THREADMETER_OUT_OF_RANGE',
          message: expect.stringContaining(COUNTERS.cpu),
        }),
      )
      expect(value(await json(), COUNTERS.cpu)).toBeGreaterThan(0)
      threadMetrics({ register, prefix: 'again_' }).close()
    })

    it('adds nothing when one name is taken', () => {
      const register = new client.Registry()
      new client.Gauge({ name: GAUGES.threads, help: 'mine', registers: [register] })
      expect(() => threadMetrics({ register })).toThrow(GAUGES.threads)
      expect(register.getMetricsAsArray()).toHaveLength(1)
    })

    it('ends with close(), which removes its own metrics alone', async () => {
      const { register, handle } = setUp()
      const other = new client.Gauge({ name: 'other', help: 'mine', registers: [register] })
      handle.close()
      expect(register.getMetricsAsArray()).toEqual([other])
      const again = threadMetrics({ register })
      handle.close()
      expect(register.getSingleMetric(COUNTERS.cpu)).toHaveProperty('name', COUNTERS.cpu)
      again.close()
      expect(register.getMetricsAsArray()).toEqual([other])
    })
  })
})

describe('options', () => {
  const { Registry } = require('prom-client') as Client
  const wrong = (code: string, message: string) =>
    expect.objectContaining({
      code: `ERR_THREADMETER_${code}`,
      message: expect.stringContaining(message),
    })

  it.each([
    [
      { maxThreads: '5' },
      'INVALID_ARG_TYPE',
      `"options.maxThreads" must be a number. Received '5'`,
    ],
    [{ maxThreads: 0 }, 'OUT_OF_RANGE', 'Received 0'],
    [{ maxThreads: 1.5 }, 'OUT_OF_RANGE', 'Received 1.5'],
    [{ minInterval: Number.NaN }, 'OUT_OF_RANGE', 'Received NaN'],
    [{ minInterval: -1 }, 'OUT_OF_RANGE', 'Received -1'],
    [{ minInterval: Number.POSITIVE_INFINITY }, 'OUT_OF_RANGE', 'Received Infinity'],
    [{ contextSwitches: 'no' }, 'INVALID_ARG_TYPE', `Received 'no'`],
    [{ prefix: 5 }, 'INVALID_ARG_TYPE', 'Received 5'],
    [{ prefix: '9-' }, 'OUT_OF_RANGE', `Received '9-'`],
    [{ labels: 'a' }, 'INVALID_ARG_TYPE', `Received 'a'`],
    [{ labels: { thread: 'a' } }, 'OUT_OF_RANGE', `Received 'thread'`],
    [{ labels: { 'a b': 'c' } }, 'OUT_OF_RANGE', `Received 'a b'`],
    [{ labels: { tier: 1 } }, 'INVALID_ARG_TYPE', '"options.labels.tier" must be a string'],
    [{ register: undefined }, 'INVALID_ARG_TYPE', '"options.register" must be a registry'],
    [{ register: new Map() }, 'NOT_PROMETHEUS', 'options.register has no registerMetric()'],
  ])('%o are refused', (options, code, message) => {
    const register = new Registry()
    expect(() => threadMetrics({ register, ...options } as never)).toThrow(wrong(code, message))
    expect(register.getMetricsAsArray()).toEqual([])
  })

  it.each([undefined, null, 5])('%s in their place is refused', (options) => {
    expect(() => threadMetrics(options as never)).toThrow(wrong('INVALID_ARG_TYPE', 'options'))
  })

  it('are copied', async () => {
    const register = new Registry()
    const labels = { tier: 'front' }
    threadMetrics({ register, labels })
    labels.tier = 'back'
    expect(await register.metrics()).not.toContain('back')
  })
})
