import Module from 'node:module'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  MeterProvider,
  type MetricData,
  MetricReader,
} from '@opentelemetry/sdk-metrics'
import { threads } from 'threadmeter'
import { type OpenTelemetryThreadMetricsOptions, threadMetrics } from 'threadmeter/opentelemetry'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Looker } from '../../dist/cpu/look.js'
import { burnUser } from '../fixtures/burn.mjs'
import { Occupied } from '../fixtures/occupied.js'
import { allCount, runTasks } from './tasks.js'

const SECOND = 1e6

class ManualReader extends MetricReader {
  constructor(temporality: AggregationTemporality) {
    super({ aggregationTemporalitySelector: () => temporality })
  }
  protected async onShutdown(): Promise<void> {}
  protected async onForceFlush(): Promise<void> {}
}

type Attributes = Record<string, string | number>

let close = (): void => {}
afterEach(() => close())

function setUp(
  options: OpenTelemetryThreadMetricsOptions = {},
  temporality = AggregationTemporality.CUMULATIVE,
) {
  const reader = new ManualReader(temporality)
  const meterProvider = new MeterProvider({ readers: [reader] })
  const handle = threadMetrics({ meterProvider, ...options })
  close = () => handle.close()
  const collect = async (): Promise<MetricData[]> => {
    const { resourceMetrics, errors } = await reader.collect()
    expect(errors).toEqual([])
    return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
  }
  return { reader, meterProvider, handle, collect }
}

function points(data: readonly MetricData[], name: string, match: Attributes = {}) {
  const found = data.find(({ descriptor }) => descriptor.name === name)
  return ((found?.dataPoints ?? []) as DataPoint<number>[]).filter(({ attributes }) =>
    Object.entries(match).every(([key, is]) => attributes[key] === is),
  )
}

/** The sum over the points whose attributes match; NaN when there is none. */
function value(data: readonly MetricData[], name: string, match: Attributes = {}): number {
  const found = points(data, name, match)
  return found.length === 0 ? Number.NaN : found.reduce((sum, point) => sum + point.value, 0)
}

const mainMicros = (): number => {
  const main = threads().find(({ role }) => role === 'main')
  return (main?.cpu.user ?? Number.NaN) + (main?.cpu.system ?? Number.NaN)
}

const processMicros = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}

describe('threadMetrics() with the OpenTelemetry SDK', () => {
  it('creates the documented instruments, with their units', async () => {
    const { collect } = setUp({ minInterval: 1 })
    await sleep(10)
    const instruments = (await collect()).map((data) => [
      data.descriptor.name,
      data.descriptor.unit,
      data.dataPointType === DataPointType.SUM ? data.isMonotonic && 'counter' : 'gauge',
    ])
    expect(instruments).toEqual([
      ['nodejs.thread.cpu.time', 's', 'counter'],
      ['nodejs.thread.run_delay', 's', 'counter'],
      ['nodejs.thread.context_switches', '{context_switch}', 'counter'],
      ['nodejs.thread.eventloop.utilization', '1', 'gauge'],
      ['nodejs.thread.state', '{thread}', false],
      ['nodejs.thread.count', '{thread}', false],
      ['nodejs.process.cpu.time', 's', 'counter'],
    ])
  })

  it('names itself and its version as the scope', async () => {
    const { reader } = setUp()
    const { scopeMetrics } = (await reader.collect()).resourceMetrics
    expect(scopeMetrics[0].scope.name).toBe('threadmeter')
    expect(scopeMetrics[0].scope.version).toMatch(/^\d+\.\d+\.\d+/)
  })

  it('observes the CPU time of the main thread that threads() says', async () => {
    const { collect } = setUp()
    burnUser(30)
    // Bracketed by the same counters, so that no tolerance is needed but for the rounding to µs.
    const before = mainMicros()
    const data = await collect()
    const after = mainMicros()
    const main = { 'thread.name': 'main', 'thread.id': 0, 'nodejs.thread.role': 'main' }
    const micros = value(data, 'nodejs.thread.cpu.time', main) * SECOND
    expect(micros).toBeGreaterThanOrEqual(before - 2)
    expect(micros).toBeLessThanOrEqual(after + 2)
    const modes = points(data, 'nodejs.thread.cpu.time', main).map(
      (one) => one.attributes['cpu.mode'],
    )
    expect(modes).toEqual(['user', 'system'])
  })

  it('observes a worker that cannot answer', async () => {
    const { collect } = setUp({ minInterval: 100 })
    const [busy, blocked] = [new Occupied('loop'), new Occupied('atomicsWait')]
    await Promise.all([busy.occupied(), blocked.occupied()])
    await sleep(100)
    await collect() // ends the window in which they started
    await sleep(300)
    busy.turn()
    const before = busy.latest
    const data = await collect()
    busy.turn()
    const after = busy.latest
    await Promise.all([busy.release(), blocked.release()])
    const micros = value(data, 'nodejs.thread.cpu.time', { 'thread.id': busy.threadId }) * SECOND
    expect(micros).toBeGreaterThanOrEqual(before / 1000 - 2)
    expect(micros).toBeLessThanOrEqual(after / 1000 + 2)
    const states = points(data, 'nodejs.thread.state', { 'thread.id': blocked.threadId })
    expect(states.map((one) => [one.attributes['nodejs.thread.state'], one.value])).toEqual([
      ['busy', 0],
      ['starved', 0],
      ['blocked', 1],
      ['idle', 0],
    ])
  })

  it('observes parts that add up to process.cpuUsage(), short workers included', async () => {
    const { collect } = setUp()
    await runTasks(Array<undefined>(12), 4, 20)
    await allCount()
    const before = processMicros()
    const sum = value(await collect(), 'nodejs.process.cpu.time') * SECOND
    const after = processMicros()
    const slack = Math.max(before / 100, 5000)
    expect(sum).toBeGreaterThanOrEqual(before - slack)
    expect(sum).toBeLessThanOrEqual(after + slack)
  })

  it('gives no thread.id to series that several threads share', async () => {
    const { collect } = setUp()
    await runTasks(['shared', 'shared'], 2, 5)
    const data = await collect()
    const shared = points(data, 'nodejs.thread.cpu.time', { 'thread.name': 'shared' })
    expect(shared.map((one) => one.attributes)).toEqual(
      ['user', 'system'].map((mode) => ({
        'thread.name': 'shared',
        'nodejs.thread.role': 'worker',
        'cpu.mode': mode,
      })),
    )
    const helpers = points(data, 'nodejs.thread.cpu.time', { 'nodejs.thread.role': 'v8' })
    expect(helpers.filter((one) => 'thread.id' in one.attributes)).toEqual([])
  })

  it('gives deltas where the reader wants deltas', async () => {
    const { collect } = setUp({}, AggregationTemporality.DELTA)
    const main = { 'thread.name': 'main' }
    const [beforeFirst, first, afterFirst] = [mainMicros(), await collect(), mainMicros()]
    burnUser(40)
    const [beforeSecond, second, afterSecond] = [mainMicros(), await collect(), mainMicros()]
    const whole = value(first, 'nodejs.thread.cpu.time', main) * SECOND
    const delta = value(second, 'nodejs.thread.cpu.time', main) * SECOND
    expect(whole).toBeGreaterThanOrEqual(beforeFirst - 2)
    expect(delta).toBeGreaterThanOrEqual(beforeSecond - afterFirst - 4)
    expect(delta).toBeLessThanOrEqual(afterSecond - beforeFirst + 4)
  })

  it('never observes a counter that went down, while workers come and go', async () => {
    const { collect } = setUp({ maxThreads: 5 })
    const last = new Map<string, number>()
    let running = true
    const names = Array.from({ length: 40 }, (_, index) => (index % 2 ? `job-${index}` : undefined))
    const work = runTasks(names, 4, 5).finally(() => {
      running = false
    })
    const workers = new Set<unknown>()
    for (let more = true; more; ) {
      more = running
      for (const data of await collect()) {
        if (data.dataPointType !== DataPointType.SUM || !data.isMonotonic) continue
        for (const { attributes, value: now } of data.dataPoints) {
          const key: string = `${data.descriptor.name} ${JSON.stringify(attributes)}`
          if (now < (last.get(key) ?? 0)) expect.fail(`${key}: ${last.get(key)} to ${now}`)
          last.set(key, now)
          if (attributes['nodejs.thread.role'] === 'worker') workers.add(attributes['thread.name'])
        }
      }
      await sleep(10)
    }
    await work
    expect(last.size).toBeGreaterThan(20)
    expect(workers.size).toBeLessThanOrEqual(6)
    expect(workers).toContain('worker')
  })

  it('observes the event loop utilization that the thread itself measures', async () => {
    const { collect } = setUp({ minInterval: 1 })
    const start = performance.eventLoopUtilization()
    for (let turn = 0; turn < 10; turn++) {
      burnUser(30)
      await sleep(20)
    }
    const own = performance.eventLoopUtilization(start).utilization
    const name = 'nodejs.thread.eventloop.utilization'
    const ratio = value(await collect(), name, { 'thread.name': 'main' })
    // Both windows are half a second and begin and end within a few ms of each other.
    expect(Math.abs(ratio - own)).toBeLessThan(0.05)
  })

  it('leaves out context switches on request', async () => {
    const { collect } = setUp({ contextSwitches: false })
    const names = (await collect()).map(({ descriptor }) => descriptor.name)
    expect(names).not.toContain('nodejs.thread.context_switches')
  })

  it('survives a failure to read the threads', async () => {
    const { collect } = setUp()
    const take = vi.spyOn(Looker.prototype, 'take').mockImplementation(() => {
      throw new Error('no more descriptors')
    })
    const failed = await collect()
    take.mockRestore()
    expect(value(failed, 'nodejs.thread.cpu.time')).toBeNaN()
    expect(value(await collect(), 'nodejs.thread.cpu.time')).toBeGreaterThan(0)
  })

  it('stops observing on close(), and can be set up again', async () => {
    const { meterProvider, handle, collect } = setUp()
    handle.close()
    expect(await collect()).toEqual([])
    const again = threadMetrics({ meterProvider })
    handle.close()
    expect(value(await collect(), 'nodejs.thread.cpu.time')).toBeGreaterThan(0)
    again.close()
  })

  it('refuses to observe twice with one provider', () => {
    const { meterProvider } = setUp()
    expect(() => threadMetrics({ meterProvider })).toThrow(
      expect.objectContaining({
        name: 'RangeError',
        code: 'ERR_THREADMETER_OUT_OF_RANGE',
        message: expect.stringContaining('options.meterProvider'),
      }),
    )
  })

  it('takes the global provider when none is given', async () => {
    const reader = new ManualReader(AggregationTemporality.CUMULATIVE)
    metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
    const handle = threadMetrics()
    const { resourceMetrics } = await reader.collect()
    handle.close()
    metrics.disable()
    const data = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
    expect(value(data, 'nodejs.thread.cpu.time')).toBeGreaterThan(0)
  })

  it('says so when there is no global provider to take', () => {
    const missing = Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' })
    const load = vi.spyOn(Module as unknown as { _load: () => unknown }, '_load')
    load.mockImplementation(() => {
      throw missing
    })
    try {
      expect(() => threadMetrics()).toThrow(
        expect.objectContaining({
          name: 'ThreadmeterError',
          code: 'ERR_THREADMETER_PEER_MISSING',
          message: expect.stringContaining('@opentelemetry/api'),
          cause: missing,
        }),
      )
    } finally {
      load.mockRestore()
    }
  })

  it.each([
    [{ meterProvider: {} }, '"options.meterProvider" must be a MeterProvider'],
    [{ meterProvider: null }, '"options.meterProvider" must be a MeterProvider'],
    [{ maxThreads: 'many' }, `Received 'many'`],
    [5, '"options" must be an object'],
  ])('refuses %o', (options, message) => {
    expect(() => threadMetrics(options as never)).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        code: 'ERR_THREADMETER_INVALID_ARG_TYPE',
        message: expect.stringContaining(message),
      }),
    )
  })
})
