import { AggregatorRegistry, Gauge, Histogram, Registry } from 'threadmeter/metrics'
import { describe, expect, it } from 'vitest'
import { peers } from './clients.js'

type Fill = (registry: Registry) => void

const jsonOf = (fills: readonly Fill[]): Promise<object[]> =>
  Promise.all(
    fills.map((fill) => {
      const registry = new Registry()
      fill(registry)
      return registry.getMetricsAsJSON()
    }),
  )

const linesOf = async (fills: readonly Fill[]): Promise<string[]> => {
  const registry = AggregatorRegistry.aggregate(await jsonOf(fills))
  return (await registry.metrics()).split('\n').filter((line) => /^\w/.test(line))
}

const gauge =
  (value: number, aggregator: 'sum' | 'first' | 'min' | 'max' | 'average' | 'omit') =>
  (registry: Registry): void =>
    new Gauge({ name: 'g', help: 'h', aggregator, registers: [registry] }).set(value)

const histogram =
  (buckets: readonly number[], value: number) =>
  (registry: Registry): void =>
    new Histogram({ name: 'h', help: 'h', buckets, registers: [registry] }).observe(value)

describe('aggregate()', () => {
  it.each([
    ['sum', 'NaN'],
    ['first', '1'],
    ['min', 'NaN'],
    ['max', 'NaN'],
    ['average', 'NaN'],
  ] as const)('keeps what is no number: %s', async (aggregator, expected) => {
    const values = [1, Number.NaN, Number.POSITIVE_INFINITY]
    expect(await linesOf(values.map((value) => gauge(value, aggregator)))).toEqual([
      `g ${expected}`,
    ])
    const infinite = [1, Number.POSITIVE_INFINITY].map((value) => gauge(value, aggregator))
    const least = aggregator === 'min' || aggregator === 'first'
    expect(await linesOf(infinite)).toEqual([least ? 'g 1' : 'g +Inf'])
  })

  it('does not add up histograms of other bounds: those of most threads are shown', async () => {
    const fills = [histogram([1, 2], 1), histogram([5], 3), histogram([1, 2], 9)]
    expect(await linesOf(fills)).toEqual([
      'h_bucket{le="1"} 1',
      'h_bucket{le="2"} 1',
      'h_bucket{le="+Inf"} 2',
      'h_sum 10',
      'h_count 2',
    ])
  })

  it('does not add up quantiles', async () => {
    const json = [1, 2].map((value) => [
      {
        ...{ name: 's', help: 'h', type: 'summary', aggregator: 'sum' },
        values: [
          { value, labels: { quantile: 0.5 } },
          { value: 10 * value, labels: {}, metricName: 's_sum' },
          { value, labels: {}, metricName: 's_count' },
        ],
      },
    ])
    const lines = async (threads: object[]): Promise<string[]> =>
      (await AggregatorRegistry.aggregate(threads).metrics()).split('\n').slice(2, -1)
    expect(await lines(json)).toEqual(['s_sum 30', 's_count 3'])
    expect(await lines(json.slice(1))).toEqual(['s{quantile="0.5"} 2', 's_sum 20', 's_count 2'])
  })

  it('takes what other clients gave, and their default of an aggregator', async () => {
    for (const { module } of peers) {
      const json = await Promise.all(
        [1, 2].map((value) => {
          const registry = new module.Registry()
          new module.Counter({ name: 'c', help: 'h', registers: [registry] }).inc(value)
          return registry.getMetricsAsJSON()
        }),
      )
      for (const [metric] of json) delete metric.aggregator
      expect(await AggregatorRegistry.aggregate(json).metrics()).toContain('\nc 3\n')
    }
  })

  it('makes a registry of the content type asked for', async () => {
    const { OPENMETRICS_CONTENT_TYPE } = Registry
    const json = await jsonOf([histogram([1], 1)])
    const registry = AggregatorRegistry.aggregate(json, OPENMETRICS_CONTENT_TYPE)
    expect(registry.contentType).toBe(OPENMETRICS_CONTENT_TYPE)
    expect(await registry.metrics()).toBe(
      '# HELP h h\n# TYPE h histogram\nh_bucket{le="1.0"} 1\nh_bucket{le="+Inf"} 1\n' +
        'h_sum 1\nh_count 1\n# EOF\n',
    )
    const unknown = [[{ name: 'x', help: 'h', type: 'gauge', aggregator: 'median', values: [] }]]
    expect(() => AggregatorRegistry.aggregate(unknown)).toThrow(RangeError)
  })
})
