import { createRequire } from 'node:module'
import { Counter, Gauge, Histogram, Registry, register } from 'threadmeter/metrics'
import { afterEach, describe, expect, it } from 'vitest'
import { peers, sortedLines } from './clients.js'

const OUT_OF_RANGE = expect.objectContaining({ code: 'ERR_THREADMETER_OUT_OF_RANGE' })
const { OPENMETRICS_CONTENT_TYPE, PROMETHEUS_CONTENT_TYPE } = Registry

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the default registry', () => {
  afterEach(() => register.clear())

  it('holds what says nothing of registries', async () => {
    const counter = new Counter({ name: 'c', help: 'h' })
    new Gauge({ name: 'g', help: 'h', registers: undefined })
    new Gauge({ name: 'elsewhere', help: 'h', registers: [] })
    expect(register.getMetricsAsArray().map(({ name }) => name)).toEqual(['c', 'g'])
    expect(register.getSingleMetric('c')).toBe(counter)
    expect(Registry.globalRegistry).toBe(register)
    expect(register.getSingleMetric('elsewhere')).toBeUndefined()
  })

  it('comes with require(), too', () => {
    const client = createRequire(import.meta.url)('threadmeter/metrics')
    const counter = new client.Counter({ name: 'required', help: 'h' })
    expect(client.register.getSingleMetric('required')).toBe(counter)
  })

  it('is the same whether the client is imported in pieces or as a whole', async () => {
    const { default: client, ...pieces } = await import('threadmeter/metrics')
    expect({ ...client }).toEqual(pieces)
    expect(client.contentType).toBe(PROMETHEUS_CONTENT_TYPE)
    register.setContentType(OPENMETRICS_CONTENT_TYPE)
    expect(client.contentType).toBe(OPENMETRICS_CONTENT_TYPE)
    register.setContentType(PROMETHEUS_CONTENT_TYPE)
  })
})

describe('a registry', () => {
  it('takes one metric of a name, and the same metric any number of times', () => {
    const registry = new Registry()
    const counter = new Counter({ name: 'c', help: 'h', registers: [registry] })
    registry.registerMetric(counter)
    const exists = expect.objectContaining({ code: 'ERR_THREADMETER_METRIC_EXISTS' })
    expect(() => new Gauge({ name: 'c', help: 'h', registers: [registry] })).toThrow(exists)
    registry.removeSingleMetric('c')
    registry.removeSingleMetric('c')
    expect(registry.getMetricsAsArray()).toEqual([])
    new Gauge({ name: 'c', help: 'h', registers: [registry] })
  })

  it('goes on with metrics that are in others too, and with those it let go', async () => {
    const registries = [new Registry(), new Registry()] as const
    const counter = new Counter({ name: 'c', help: 'h', registers: registries })
    counter.inc(2)
    registries[0].clear()
    counter.inc()
    expect(await registries[0].metrics()).toBe('\n')
    expect(await registries[1].metrics()).toBe('# HELP c h\n# TYPE c counter\nc 3\n')
    registries[1].clear()
    counter.inc()
    registries[0].registerMetric(counter)
    expect(await registries[0].getSingleMetricAsString('c')).toBe(
      '# HELP c h\n# TYPE c counter\nc 4',
    )
  })

  it('rejects where there is no metric of a name', async () => {
    await expect(new Registry().getSingleMetricAsString('c')).rejects.toThrow(OUT_OF_RANGE)
  })

  it('copies its default labels, shows them where a series has none, and forgets them', async () => {
    const registry = new Registry()
    const labelNames = ['app', 'a'] as const
    const counter = new Counter({ name: 'c', help: 'h', labelNames, registers: [registry] })
    counter.inc({ a: 'x' })
    counter.inc({ app: 'own' })
    const labels: Record<string, unknown> = { app: 'default', version: 1, none: undefined }
    registry.setDefaultLabels(labels)
    labels.app = 'other'
    const lines = async (): Promise<string[]> => (await registry.metrics()).split('\n').slice(2, -1)
    expect(await lines()).toEqual([
      'c{a="x",app="default",version="1"} 1',
      'c{app="own",version="1"} 1',
    ])
    const [metric] = await registry.getMetricsAsJSON()
    expect(metric.values.map((value) => value.labels)).toEqual([
      { a: 'x', app: 'default', version: '1' },
      { app: 'own', version: '1' },
    ])
    expect((await counter.get()).values[0].labels).toEqual({ a: 'x' })
    registry.setDefaultLabels({ b: 'y' })
    expect(await lines()).toEqual(['c{a="x",b="y"} 1', 'c{app="own",b="y"} 1'])
    registry.clear()
    registry.registerMetric(counter)
    expect(await lines()).toEqual(['c{a="x"} 1', 'c{app="own"} 1'])
  })

  it.each(['a-b', '1', ''])('does not take a default label named "%s"', (name) => {
    expect(() => new Registry().setDefaultLabels({ [name]: 'x' })).toThrow(OUT_OF_RANGE)
  })

  it('says of its text what it is', async () => {
    const registry = new Registry(OPENMETRICS_CONTENT_TYPE)
    new Counter({ name: 'c_total', help: 'h', registers: [registry] }).inc()
    expect(registry.contentType).toBe(OPENMETRICS_CONTENT_TYPE)
    expect(await registry.metrics()).toBe('# HELP c h\n# TYPE c counter\nc_total 1\n# EOF\n')
    ;(registry as Registry).setContentType(PROMETHEUS_CONTENT_TYPE)
    expect(registry.contentType).toBe(PROMETHEUS_CONTENT_TYPE)
    expect(await registry.metrics()).toBe('# HELP c_total h\n# TYPE c_total counter\nc_total 1\n')
    expect(() => registry.setContentType('text/html' as never)).toThrow(OUT_OF_RANGE)
    expect(() => new Registry('text/html' as never)).toThrow(OUT_OF_RANGE)
  })

  it('merges with others of the same content type', async () => {
    const registries = [new Registry(), new Registry()] as const
    new Counter({ name: 'a', help: 'h', registers: [registries[0]] }).inc()
    new Counter({ name: 'b', help: 'h', registers: [registries[1]] }).inc(2)
    const merged = Registry.merge(registries)
    expect(await merged.metrics()).toBe(
      '# HELP a h\n# TYPE a counter\na 1\n\n# HELP b h\n# TYPE b counter\nb 2\n',
    )
    const other = new Registry(OPENMETRICS_CONTENT_TYPE)
    expect(() => Registry.merge([...registries, other])).toThrow(OUT_OF_RANGE)
    expect(await Registry.merge([]).metrics()).toBe('\n')
  })

  it('gives metrics by aggregator', async () => {
    const registry = new Registry()
    const registers = [registry]
    new Gauge({ name: 'max', help: 'h', aggregator: 'max', registers })
    new Gauge({ name: 'sum', help: 'h', registers })
    expect(registry.getMetricsAsArray('max').map(({ name }) => name)).toEqual(['max'])
    expect((await registry.getMetricsAsJSON('sum')).map(({ name }) => name)).toEqual(['sum'])
    const aggregator = 'median' as never
    expect(() => new Gauge({ name: 'm', help: 'h', aggregator, registers })).toThrow(OUT_OF_RANGE)
  })

  it('resets all of its metrics', async () => {
    const registers = [new Registry()]
    const counter = new Counter({ name: 'c', help: 'h', registers })
    const gauge = new Gauge({ name: 'g', help: 'h', labelNames: ['a'], registers })
    counter.inc(5)
    gauge.set({ a: 'x' }, 5)
    registers[0].resetMetrics()
    expect((await counter.get()).values).toEqual([{ value: 0, labels: {} }])
    expect((await gauge.get()).values).toEqual([])
  })

  it('shows metrics of another make by what they give', async () => {
    const [{ module }] = peers
    const theirs = new module.Registry()
    const histogram = new module.Histogram({
      ...{ name: 'h', help: 'h "q"', buckets: [1, 2.5], labelNames: ['a'], registers: [theirs] },
    })
    histogram.observe({ a: 'x"y' }, 2)
    const counter = new module.Counter({ name: 'c_total', help: 'h', registers: [theirs] })
    counter.inc(3)
    const registry = new Registry()
    for (const metric of [histogram, counter]) registry.registerMetric(metric)
    new Gauge({ name: 'own', help: 'h', registers: [registry] }).set(1)
    const own = '# HELP own h\n# TYPE own gauge\nown 1\n'
    expect(sortedLines(await registry.metrics())).toEqual(
      sortedLines((await theirs.metrics()) + own),
    )
    expect(() => registry.registerMetric({ name: 'none' } as never)).toThrow(TypeError)
  })
})

describe('collect()', () => {
  const registry = new Registry()
  const registers = [registry]
  afterEach(() => registry.clear())

  it('runs before a metric is shown, for all at once, with the metric as this', async () => {
    const order: string[] = []
    const slow = new Gauge({
      ...{ name: 'slow', help: 'h', labelNames: ['a'] as const, registers },
      async collect() {
        order.push('slow begins')
        await tick()
        this.set({ a: 'x' }, 1)
        order.push('slow ends')
      },
    })
    new Histogram({
      ...{ name: 'fast', help: 'h', buckets: [], registers },
      collect() {
        order.push('fast')
        this.observe(1)
      },
    })
    const text = await registry.metrics()
    expect(order).toEqual(['slow begins', 'fast', 'slow ends'])
    expect(text).toContain('slow{a="x"} 1\n')
    expect(text).toContain('fast_count 1\n')
    await slow.get()
    await registry.getSingleMetricAsString('slow')
    await registry.getMetricsAsJSON()
    expect(order.filter((one) => one === 'slow ends')).toHaveLength(4)
  })

  it('may be set later, and be the method of a subclass', async () => {
    const gauge = new Gauge({ name: 'later', help: 'h', registers })
    gauge.collect = function () {
      this.set(5)
    }
    class Uptime extends Gauge {
      override collect(): void {
        this.set(7)
      }
    }
    new Uptime({ name: 'uptime', help: 'h', registers })
    expect((await registry.metrics()).match(/^\w+ \d$/gm)).toEqual(['later 5', 'uptime 7'])
  })

  it('fails the scrape where it fails', async () => {
    const collect = (): void => {
      throw new Error('no figures')
    }
    new Gauge({ name: 'g', help: 'h', collect, registers })
    await expect(registry.metrics()).rejects.toThrow('no figures')
    await expect(registry.getMetricsAsJSON()).rejects.toThrow('no figures')
  })
})
