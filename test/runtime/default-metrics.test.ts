import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { collectForObservers } from '../../dist/runtime/for-observers.js'
import { type Client, ours, peers } from '../metrics/clients.js'

interface Shown {
  name: string
  help: string
  type: string
  aggregator: string
  values: { value: number; labels: Record<string, unknown>; metricName?: string }[]
}

type Shows = Map<string, Shown>

const OPTIONS = {
  prefix: 'my_',
  labels: { app: 'shop' },
  gcDurationBuckets: [0.25, 1],
  eventLoopMonitoringPrecision: 5,
  eventLoopUtilizationTimeout: 20,
  eventLoopUtilizationBuckets: [0.5, 1],
  eventLoopUtilizationPercentiles: [0.5],
}

const all = new Map<Client, Shows>()
const namesOf = (client: Client): string[] => [...(all.get(client) as Shows).keys()]
const metric = (client: Client, name: string): Shown => all.get(client)?.get(name) as Shown
const figureOf = (client: Client, name: string): number =>
  metric(client, name).values[0]?.value as number

// All at once, so that they have seen the same.
beforeAll(async () => {
  const clients = [ours, ...peers]
  const registers = clients.map(({ module }) => new module.Registry())
  for (const [index, { module }] of clients.entries()) {
    module.collectDefaultMetrics({ ...OPTIONS, register: registers[index] })
  }
  for (let churn = 0; churn < 50; churn++) {
    JSON.stringify(Array.from({ length: 10_000 }, () => ({ churn })))
  }
  await sleep(100)
  for (const register of registers) await register.metrics()
  await sleep(50)
  for (const [index, client] of clients.entries()) {
    const shown: Shown[] = await registers[index].getMetricsAsJSON()
    all.set(client, new Map(shown.map((one) => [one.name, one])))
  }
})

describe.each(peers)('default metrics beside $name', (peer) => {
  it('have all names, help texts and types', () => {
    const described = (client: Client) =>
      namesOf(peer).map((name) => {
        const { help, type } = metric(client, name) ?? {}
        return { name, help, type }
      })
    expect(described(ours)).toEqual(described(peer))
    expect(namesOf(peer).length).toBeGreaterThan(25)
  })

  it('have the same aggregators, but that those of the process are left out', () => {
    const aggregators = (client: Client) =>
      namesOf(peer).map((name) => [name, metric(client, name).aggregator])
    expect(aggregators(ours)).toEqual(
      aggregators(peer).map(([name, aggregator]) => [
        name,
        (name as string).startsWith('my_process_') ? 'omit' : aggregator,
      ]),
    )
  })

  it('have the same labels', () => {
    // These others give no labels but their own, whatever they are told.
    const isLabeled = (name: string): boolean => !name.includes('eventloop_utilization')
    const labelNames = (client: Client) =>
      namesOf(peer)
        .filter((name) => isLabeled(name) && metric(peer, name).values.length > 0)
        .map((name) => [name, Object.keys(metric(client, name).values[0]?.labels ?? {}).sort()])
    expect(labelNames(ours)).toEqual(labelNames(peer))
  })

  it('tell the same of this process', () => {
    for (const name of ['process_max_fds', 'process_start_time_seconds', 'nodejs_version_info']) {
      expect(figureOf(ours, `my_${name}`), name).toBe(figureOf(peer, `my_${name}`))
    }
    const memory = ['resident_memory', 'virtual_memory', 'heap'].map((of) => `process_${of}_bytes`)
    for (const name of [...memory, 'nodejs_heap_size_total_bytes', 'process_open_fds']) {
      const ratio = figureOf(ours, `my_${name}`) / figureOf(peer, `my_${name}`)
      expect(ratio, name).toBeGreaterThan(0.5)
      expect(ratio, name).toBeLessThan(2)
    }
  })

  it('are listed as there', () => {
    const { metricsList } = ours.module.collectDefaultMetrics
    expect(metricsList).toEqual(
      expect.arrayContaining(peer.module.collectDefaultMetrics.metricsList),
    )
  })

  it('throw at the same options', () => {
    for (const given of ['text', 5, true]) {
      for (const { module } of [ours, peer]) {
        expect(() => module.collectDefaultMetrics(given)).toThrow(TypeError)
      }
    }
  })
})

describe('collectDefaultMetrics()', () => {
  it('counts CPU time from the beginning of the process, as the kernel does', () => {
    const { user, system } = process.cpuUsage()
    const shown = figureOf(ours, 'my_process_cpu_seconds_total')
    const [first] = peers as [Client]
    expect(shown).toBeGreaterThan(figureOf(first, 'my_process_cpu_seconds_total'))
    expect(shown).toBeLessThanOrEqual((user + system) / 1e6)
    expect(shown).toBeGreaterThan(((user + system) / 1e6) * 0.2)
    const parts = ['user', 'system'].map((part) => `my_process_cpu_${part}_seconds_total`)
    const sum = parts.reduce((total, name) => total + figureOf(ours, name), 0)
    expect(sum).toBeCloseTo(shown, 6)
  })

  it('times every collection, where others count one of those that come together', () => {
    const count = (client: Client) =>
      metric(client, 'my_nodejs_gc_duration_seconds')
        .values.filter(({ metricName }) => metricName?.endsWith('_count'))
        .reduce((sum, { value }) => sum + value, 0)
    expect(count(ours)).toBeGreaterThan(0)
    for (const peer of peers) expect(count(ours)).toBeGreaterThanOrEqual(count(peer))
  })

  it('takes its options', () => {
    const bounds = (name: string) =>
      metric(ours, name)
        .values.filter(({ labels }) => 'le' in labels)
        .map(({ labels }) => labels.le)
    expect(bounds('my_nodejs_gc_duration_seconds').slice(0, 3)).toEqual([0.25, 1, '+Inf'])
    expect(bounds('my_nodejs_eventloop_utilization_histogram')).toEqual([0.5, 1, '+Inf'])
    const delay = figureOf(ours, 'my_nodejs_eventloop_lag_min_seconds')
    expect(delay).toBeGreaterThan(0.002)
    expect(delay).toBeLessThan(0.02)
    const turns = metric(ours, 'my_nodejs_eventloop_utilization_summary').values.at(-1)?.value
    expect(turns).toBeGreaterThanOrEqual(3)
  })

  it('leaves to those who ask what costs much and no observer looks at', async () => {
    const { register, collectDefaultMetrics } = ours.module
    collectDefaultMetrics({ prefix: 'seen_' })
    const shown = (name: string): number => register.getSingleMetric(name).values()[0].value
    collectForObservers()
    expect(shown('seen_nodejs_heap_size_used_bytes')).toBeGreaterThan(1e6)
    expect(shown('seen_process_open_fds')).toBe(0)
    expect(shown('seen_process_resident_memory_bytes')).toBe(0)
    await register.metrics()
    expect(shown('seen_process_open_fds')).toBeGreaterThan(2)
    expect(shown('seen_process_resident_memory_bytes')).toBeGreaterThan(1e7)
  })

  it('lists what is active for observers from time to time only, for others each time', async () => {
    const handles = 'seen_nodejs_active_handles_total'
    const { register } = ours.module
    const shown = (): number => register.getSingleMetric(handles).values()[0].value
    await register.metrics()
    const before = shown()
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    collectForObservers()
    expect(shown()).toBe(before)
    await register.metrics()
    expect(shown()).toBe(before + 1)
    server.close()
  })

  it('is not registered twice', () => {
    const register = new ours.module.Registry()
    ours.module.collectDefaultMetrics({ register })
    expect(() => ours.module.collectDefaultMetrics({ register })).toThrow()
  })
})
