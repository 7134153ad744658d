import * as promClient from 'prom-client'
import { describe, expect, it } from 'vitest'
import {
  BufferSink,
  renderFamilies,
  SeriesText,
  writeFamilies,
} from '../../dist/exposition/index.js'
import { family } from './families.js'

const lines = (text: string): string[] => text.split('\n')

describe('the text format', () => {
  it('is what prom-client prints of the same metrics', async () => {
    const registry = new promClient.Registry()
    registry.setDefaultLabels({ app: 'shop' })
    const common = { help: 'A "help"\nof \\ two lines', registers: [registry] }
    const jobs = new promClient.Counter({ ...common, name: 'jobs_total', labelNames: ['a', 'b'] })
    jobs.inc({ a: 'x"y\\z\n', b: 'ü' }, 1e21)
    jobs.inc({ a: '1' }, 0.1)
    const size = new promClient.Gauge({ ...common, name: 'size_bytes' })
    size.set(-1e-7)
    const buckets = [0.005, 1, 10, 1e21]
    const times = new promClient.Histogram({
      ...{ ...common, name: 'time_seconds', labelNames: ['a'], buckets },
    })
    for (const value of [0.001, 3, 3, 1e22]) times.observe({ a: 'x' }, value)

    const { help } = common
    const withDefaults = [
      family(
        'counter',
        'jobs_total',
        [
          [
            [
              ['a', 'x"y\\z\n'],
              ['b', 'ü'],
            ],
            1e21,
          ],
          [[['a', '1']], 0.1],
        ],
        { help },
      ),
      family('gauge', 'size_bytes', [[[], -1e-7]], { help }),
      family('histogram', 'time_seconds', [[[['a', 'x']], 1, 0, 2, 0, 1, 1e22 + 6.001]], {
        help,
        parameters: buckets,
      }),
    ].map(({ description, series }) => ({
      description,
      series: [...series].map((one) => ({ ...one, defaults: [['app', 'shop'] as const] })),
    }))
    expect(renderFamilies(withDefaults, 'text')).toBe(await registry.metrics())
  })

  it('writes what is no number as Prometheus reads it', () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]
    const samples = values.map((value, i) => [[['n', `${i}`]], value] as const)
    const text = renderFamilies([family('gauge', 'g', samples as never)], 'text')
    expect(lines(text).slice(2, -1)).toEqual([
      'g{n="0"} NaN',
      'g{n="1"} +Inf',
      'g{n="2"} -Inf',
      'g{n="3"} 0',
    ])
  })

  it('shows a family without series by its header alone', () => {
    expect(renderFamilies([family('counter', 'a_total', [])], 'text')).toBe(
      '# HELP a_total Help.\n# TYPE a_total counter\n',
    )
    expect(renderFamilies([], 'text')).toBe('\n')
  })

  it('prefers the label of a series to a default of the same name', () => {
    const [one] = [...family('gauge', 'g', [[[['a', 'own']], 1]]).series]
    const { description } = family('gauge', 'g', [])
    const text = new SeriesText(description, one.labels, [
      ['a', 'default'],
      ['b', 'default'],
    ])
    expect(text.render('text', one)).toBe('g{a="own",b="default"} 1\n')
  })
})

describe('lines that are kept', () => {
  it('follow each change of a value, NaN included', () => {
    const gauge = family('gauge', 'g', [[[], 1]])
    const [{ values }] = [...gauge.series] as unknown as [{ values: Float64Array }]
    const shown = [1, 1, 2, Number.NaN, Number.NaN, 1].map((value) => {
      values[0] = value
      return lines(renderFamilies([gauge], 'text'))[2]
    })
    expect(shown).toEqual(['g 1', 'g 1', 'g 2', 'g NaN', 'g NaN', 'g 1'])
  })

  it('follow a change of any slot of a histogram, and count what is in the buckets', () => {
    const histogram = family('histogram', 'h', [[[], 1, 2, 3, 0.5]], { parameters: [1, 2] })
    const [{ values }] = [...histogram.series] as unknown as [{ values: Float64Array }]
    for (let slot = 0; slot < 4; slot++) {
      const before = renderFamilies([histogram], 'text')
      values[slot] += 10
      const [a, b, c, sum] = values
      const after = renderFamilies([histogram], 'text')
      expect(after).not.toBe(before)
      expect(lines(after).slice(2, -1)).toEqual([
        `h_bucket{le="1"} ${a}`,
        `h_bucket{le="2"} ${a + b}`,
        `h_bucket{le="+Inf"} ${a + b + c}`,
        `h_sum ${sum}`,
        `h_count ${a + b + c}`,
      ])
    }
  })

  it('are the same in a buffer, however long, and whatever was in it before', () => {
    const sink = new BufferSink()
    for (const count of [5000, 3, 20_000, 0]) {
      const samples = Array.from({ length: count }, (_, i) => [[['n', `ж${i}`]], i / 3] as const)
      const families = [family('gauge', 'g', samples as never)]
      writeFamilies(families, 'text', sink)
      expect(sink.take().toString()).toBe(renderFamilies(families, 'text'))
    }
  })
})
