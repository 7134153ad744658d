import { Counter, Histogram, Registry, Summary } from 'threadmeter/metrics'
import { describe, expect, it } from 'vitest'
import { renderFamilies } from '../../dist/exposition/index.js'
import { family } from './families.js'
import { checkOpenMetrics } from './openmetrics-checker.js'

const render = (...families: Parameters<typeof family>[]): string =>
  renderFamilies(
    families.map((parts) => family(...parts)),
    'openmetrics',
  )

const shapes = (text: string): unknown[] =>
  checkOpenMetrics(text).map(({ name, type, samples }) => [
    name,
    type,
    samples.map((sample) => sample.name),
  ])

describe('OpenMetrics', () => {
  it('gives every counter, and only counters, the suffix _total', () => {
    const text = render(
      ['counter', 'jobs_total', [[[], 1]]],
      ['counter', 'tasks', [[[], 1]]],
      ['gauge', 'seats_total', [[[], 1]]],
    )
    expect(shapes(text)).toEqual([
      ['jobs', 'counter', ['jobs_total']],
      ['tasks', 'counter', ['tasks_total']],
      ['seats_total', 'gauge', ['seats_total']],
    ])
  })

  it('loses no metric whose name belongs to another one then', () => {
    const text = render(
      ['gauge', 'jobs', [[[], 1]]],
      ['counter', 'jobs_total', [[[], 2]]],
      ['counter', 'tasks', [[[], 3]]],
      ['counter', 'tasks_total', [[[], 4]]],
      ['counter', 'calls', [[[], 5]]],
      ['gauge', 'calls_total', [[[], 6]]],
    )
    expect(shapes(text)).toEqual([
      ['jobs', 'gauge', ['jobs']],
      ['jobs_total', 'unknown', ['jobs_total']],
      ['tasks', 'unknown', ['tasks']],
      ['tasks_total', 'unknown', ['tasks_total']],
      ['calls', 'unknown', ['calls']],
      ['calls_total', 'gauge', ['calls_total']],
    ])
  })

  it('names the base unit that a name ends with', () => {
    const text = render(
      ['counter', 'cpu_seconds_total', [[[], 1]]],
      ['gauge', 'heap_bytes', [[[], 1]]],
      ['gauge', 'heap_used', [[[], 1]]],
    )
    expect(checkOpenMetrics(text).map(({ unit }) => unit)).toEqual(['seconds', 'bytes', ''])
  })

  it('writes bounds in their canonical form', () => {
    const parameters = [-2.5, 0, 1e-10, 0.00001, 0.0001, 0.1, 1, 100_000, 1e6, 1_234_567, 1e21]
    const slots = parameters.map(() => 1)
    const [{ samples }] = checkOpenMetrics(
      render(['histogram', 'h', [[[['a', 'b']], ...slots, 1, 12]], { parameters }]),
    )
    expect(samples.flatMap(({ labels }) => labels.get('le') ?? [])).toEqual([
      ...['-2.5', '0.0', '1e-10', '1e-05', '0.0001', '0.1', '1.0'],
      ...['100000.0', '1e+06', '1.234567e+06', '1e+21', '+Inf'],
    ])
  })

  it('escapes quotes, backslashes and line breaks, in labels and in help', () => {
    const help = 'say "a\\b"\nand no more'
    const text = render(['gauge', 'g', [[[['a', 'x"y\\z\n']], 1]], { help }])
    const [{ help: escaped, samples }] = checkOpenMetrics(text)
    expect(escaped).toBe('say \\"a\\\\b\\"\\nand no more')
    expect(samples[0].labels.get('a')).toBe('x\\"y\\\\z\\n')
  })

  it('shows exemplars where they belong, as they were observed', async () => {
    const registry = new Registry(Registry.OPENMETRICS_CONTENT_TYPE)
    const common = { help: 'Help.', registers: [registry], enableExemplars: true }
    const hits = new Counter({ ...common, name: 'hits_total' })
    const times = new Histogram({ ...common, name: 'time_seconds', buckets: [1, 2] })
    const before = Date.now() / 1000
    hits.inc({ value: 2, exemplarLabels: { trace_id: 'a"b' } })
    times.observe({ value: 1.5, exemplarLabels: { trace_id: 'c' } })
    const after = Date.now() / 1000
    const [counter, histogram] = checkOpenMetrics(await registry.metrics())
    const [, labels, value, time] =
      / # \{(.*)\} (\S+) (\S+)$/.exec(counter.samples[0].exemplar as string) ?? []
    expect([labels, Number(value)]).toEqual(['trace_id="a\\"b"', 2])
    expect(Number(time)).toBeGreaterThanOrEqual(before - 0.001)
    expect(Number(time)).toBeLessThanOrEqual(after + 0.001)
    const withExemplar = histogram.samples.filter(({ exemplar }) => exemplar !== undefined)
    expect(withExemplar.map((sample) => sample.labels.get('le'))).toEqual(['2.0'])
    registry.setContentType(Registry.PROMETHEUS_CONTENT_TYPE as never)
    expect(await registry.metrics()).not.toContain('trace_id')
  })

  it('shows a summary by its quantiles', async () => {
    const registry = new Registry(Registry.OPENMETRICS_CONTENT_TYPE)
    const summary = new Summary({
      ...{ name: 's', help: 'Help.', registers: [registry], percentiles: [0.5, 1] },
    })
    for (let i = 1; i <= 1000; i++) summary.observe(i)
    const [{ samples }] = checkOpenMetrics(await registry.metrics())
    const values = samples.map(({ name, labels, value }) => [name, labels.get('quantile'), value])
    expect(values).toEqual([
      ['s', '0.5', expect.closeTo(500, -1)],
      ['s', '1.0', 1000],
      ['s_sum', undefined, 500_500],
      ['s_count', undefined, 1000],
    ])
  })
})
