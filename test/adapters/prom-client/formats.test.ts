import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { COUNTERS, describeClients, type Family, GAUGES, value } from './clients.js'

const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8'

describeClients('formats', ({ client, setUp }) => {
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
