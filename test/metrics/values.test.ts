import { Counter, Gauge, Histogram, Registry } from 'threadmeter/metrics'
import { describe, expect, it, vi } from 'vitest'
import { type Client, ours, peers, sortedLines } from './clients.js'

const INVALID = expect.objectContaining({ code: 'ERR_THREADMETER_INVALID_ARG_TYPE' })
const OUT_OF_RANGE = expect.objectContaining({ code: 'ERR_THREADMETER_OUT_OF_RANGE' })
const NO_NUMBERS: readonly unknown[] = ['5', '', true, false, 1n, Symbol('s'), () => 1]

// What prom-client lets pass and counts as 0, or as NaN for good.
const UNCOUNTED: readonly unknown[] = ['', false, Number.NaN]

const registryOf = (): [Registry] => [new Registry()]

/** A method called with whatever. */
const call = (metric: object, method: string, ...args: unknown[]): unknown =>
  (metric as Record<string, (...args: unknown[]) => unknown>)[method](...args)

describe('a metric', () => {
  const kinds = ['Counter', 'Gauge', 'Histogram', 'Summary'] as const

  it.each([ours, ...peers])('of $name says what it is', ({ module }) => {
    for (const kind of kinds) {
      const Kind = module[kind] as typeof Counter
      class Own extends Kind {}
      const [metric, own] = [Kind, Own].map(
        (one) => new one({ name: 'c', help: 'h', registers: [] }),
      )
      expect(metric.constructor.name).toBe(kind)
      expect(own.constructor.name).toBe('Own')
      expect(own).toBeInstanceOf(Kind)
    }
  })
})

describe('a counter', () => {
  const counter = new Counter({ name: 'c', help: 'h', labelNames: ['a'], registers: registryOf() })
  const forms = (value: unknown): (() => unknown)[] => [
    () => call(counter, 'inc', value),
    () => call(counter, 'inc', { a: 'x' }, value),
    () => call(counter.labels('x'), 'inc', value),
  ]

  it.each([...NO_NUMBERS.filter((value) => !UNCOUNTED.includes(value)), Number.POSITIVE_INFINITY])(
    'does not take %s',
    async (value) => {
      for (const inc of forms(value)) expect(inc).toThrow(INVALID)
      expect((await counter.get()).values).toEqual([])
    },
  )

  it.each(UNCOUNTED)(
    'counts nothing for %s, where other clients go on with nonsense',
    async (v) => {
      const lenient = new Counter({
        name: 'l',
        help: 'h',
        labelNames: ['a'],
        registers: registryOf(),
      })
      lenient.inc({ a: 'x' }, 2)
      call(lenient, 'inc', v)
      call(lenient, 'inc', { a: 'x' }, v)
      call(lenient.labels('x'), 'inc', v)
      const { values } = await lenient.get()
      expect(values.find(({ labels }) => labels.a === 'x')?.value).toBe(2)
    },
  )

  it.each([-1, -1e-300, Number.NEGATIVE_INFINITY])('does not go down by %s', async (value) => {
    for (const inc of forms(value)) expect(inc).toThrow(OUT_OF_RANGE)
    expect((await counter.get()).values).toEqual([])
  })

  it('begins at 0, and again when it is reset, but not after its removal', async () => {
    const plain = new Counter({ name: 'p', help: 'h', registers: registryOf() })
    const value = async (): Promise<unknown> => (await plain.get()).values.map((one) => one.value)
    expect(await value()).toEqual([0])
    plain.inc(3)
    plain.reset()
    expect(await value()).toEqual([0])
    plain.remove()
    expect(await value()).toEqual([])
    plain.inc()
    expect(await value()).toEqual([1])
  })
})

describe('a gauge', () => {
  const gauge = new Gauge({ name: 'g', help: 'h', labelNames: ['a'], registers: registryOf() })
  const valuesOf = async (): Promise<number[]> =>
    (await gauge.get()).values.map(({ value }) => value)

  it.each(NO_NUMBERS)('does not take %s', async (value) => {
    for (const method of ['set', 'inc']) {
      expect(() => call(gauge, method, value)).toThrow(INVALID)
      expect(() => call(gauge, method, { a: 'x' }, value)).toThrow(INVALID)
      expect(() => call(gauge.labels('x'), method, value)).toThrow(INVALID)
    }
    expect(() => call(gauge, 'set')).toThrow(INVALID)
    expect(await valuesOf()).toEqual([])
  })

  it('takes any number, and null for 1', async () => {
    const child = gauge.labels('x')
    for (const value of [Number.NaN, 1 / 0, -1 / 0, -0, 1e300]) {
      child.set(value)
      expect(await valuesOf()).toEqual([value])
    }
    child.set(1)
    call(gauge, 'inc', { a: 'x' }, null)
    call(child, 'inc', null)
    call(child, 'dec', null)
    expect(await valuesOf()).toEqual([2])
  })

  it('measures time, with labels from the beginning and the end', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    const timed = new Gauge({
      name: 't',
      help: 'h',
      labelNames: ['a', 'b'],
      registers: registryOf(),
    })
    const end = timed.startTimer({ a: 'x' })
    const endChild = timed.labels({ a: 'y' }).startTimer()
    vi.advanceTimersByTime(1500)
    expect(end({ b: 'z' })).toBe(1.5)
    expect(endChild()).toBe(1.5)
    vi.setSystemTime(12_500)
    timed.setToCurrentTime({ a: 'now' })
    vi.useRealTimers()
    expect((await timed.get()).values).toEqual([
      { value: 1.5, labels: { a: 'x', b: 'z' } },
      { value: 1.5, labels: { a: 'y' } },
      { value: 12.5, labels: { a: 'now' } },
    ])
  })
})

it.each(['5', '', true, false])('a gauge goes down by %j as elsewhere', async (value) => {
  const down = async ({ module }: Client): Promise<unknown> => {
    const gauge = new module.Gauge({ name: 'g', help: 'h', registers: [] })
    gauge.dec(value)
    return (await gauge.get()).values[0].value
  }
  for (const peer of peers) expect(await down(ours)).toBe(await down(peer))
})

describe('a histogram', () => {
  const observed = async (histogram: Histogram): Promise<Record<string, number>> =>
    Object.fromEntries(
      (await histogram.get()).values.map(({ metricName = '', labels, value }) => [
        `${metricName.slice(2)} ${(labels as Record<string, unknown>).le ?? ''}`.trim(),
        value,
      ]),
    )
  const histogramOf = (buckets?: readonly number[]): Histogram =>
    new Histogram({ name: 'h', help: 'h', ...(buckets && { buckets }), registers: registryOf() })

  it.each([...NO_NUMBERS, Number.NaN, 1 / 0, -1 / 0, undefined, null, {}])(
    'does not take %s',
    async (value) => {
      const histogram = histogramOf()
      for (const target of [histogram, histogram.labels()]) {
        expect(() => call(target, 'observe', value)).toThrow(INVALID)
      }
      expect(() => call(histogram, 'observe', {}, value)).toThrow(INVALID)
      expect((await observed(histogram)).count).toBe(0)
    },
  )

  it.each([0, 1, 2, 31, 32, 33, 64, 65, 66, 1000])('finds the bucket among %i', async (count) => {
    const bounds = Array.from({ length: count }, (_, i) => i * 3 - 10)
    const histogram = histogramOf(bounds)
    const values = bounds.flatMap((bound) => [bound - 1, bound, bound + 1]).concat(-1e9, 1e9, 0)
    for (const value of values) histogram.observe(value)
    const expected = bounds.map((bound) => [
      `bucket ${bound}`,
      values.filter((value) => value <= bound).length,
    ])
    expect(await observed(histogram)).toEqual({
      ...Object.fromEntries(expected),
      'bucket +Inf': values.length,
      sum: values.reduce((sum, value) => sum + value, 0),
      count: values.length,
    })
  })

  it('takes bounds in any order, once, with or without the infinite one', async () => {
    const histogram = histogramOf([5, 1, Number.POSITIVE_INFINITY, 5, -2])
    for (const value of [0, 3, 7]) histogram.observe(value)
    expect(await observed(histogram)).toEqual({
      'bucket -2': 0,
      'bucket 1': 1,
      'bucket 5': 2,
      'bucket +Inf': 3,
      sum: 10,
      count: 3,
    })
  })

  it.each([['1'], [Number.NaN], [[1]], ['12']])('does not take bounds %j', (bounds) => {
    expect(() => histogramOf([bounds] as never)).toThrow(INVALID)
    expect(() => histogramOf('12' as never)).toThrow(INVALID)
  })

  it('counts nothing in a bound of -1 that is above it, as the clients do', async () => {
    const histogram = histogramOf([-1, 1])
    for (const value of [0, 50, 60]) histogram.observe(value)
    expect(await observed(histogram)).toMatchObject({ 'bucket -1': 0, 'bucket 1': 1 })
    for (const { module } of peers) {
      const theirs = new module.Histogram({ name: 'h', help: 'h', buckets: [-1, 1], registers: [] })
      for (const value of [0, 50, 60]) theirs.observe(value)
      expect(await observed(theirs)).toMatchObject({ 'bucket -1': 2, 'bucket 1': 3 })
    }
  })

  it('is set to 0 by zero(), and only where its labels are known', async () => {
    const registers = registryOf()
    const histogram = new Histogram({ name: 'h', help: 'h', labelNames: ['a'], registers })
    histogram.observe({ a: 'x' }, 1)
    histogram.zero({ a: 'x' })
    histogram.zero({ a: 'y' })
    expect(() => histogram.zero({ b: 1 } as never)).toThrow(OUT_OF_RANGE)
    const lines = sortedLines(await registers[0].metrics())
    expect(lines.filter((line) => /_count|_sum/.test(line))).toEqual([
      'h_count{a="x"} 0',
      'h_count{a="y"} 0',
      'h_sum{a="x"} 0',
      'h_sum{a="y"} 0',
    ])
  })

  it('measures time, with labels from the beginning and the end', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const registers = registryOf()
    const options = { name: 't', help: 'h', labelNames: ['a', 'b'], buckets: [1, 2], registers }
    const timed = new Histogram<string>(options)
    const end = timed.startTimer({ a: 'x' })
    const endChild = timed.labels('x', 'z').startTimer()
    vi.advanceTimersByTime(1500)
    expect(end({ b: 'z' })).toBe(1.5)
    expect(endChild()).toBe(1.5)
    vi.useRealTimers()
    const lines = sortedLines(await registers[0].metrics())
    expect(lines.filter((line) => !line.startsWith('#'))).toEqual([
      't_bucket{a="x",b="z",le="+Inf"} 2',
      't_bucket{a="x",b="z",le="1"} 0',
      't_bucket{a="x",b="z",le="2"} 2',
      't_count{a="x",b="z"} 2',
      't_sum{a="x",b="z"} 3',
    ])
  })
})

describe('with exemplars', () => {
  const registers = registryOf()

  it('a counter takes data, and still labels and values', async () => {
    const options = { name: 'ce', help: 'h', labelNames: ['a'] as const, enableExemplars: true }
    const counter = new Counter({ ...options, registers })
    counter.inc({ labels: { a: 'x' }, value: 2, exemplarLabels: { trace: 't1' } })
    counter.inc({ labels: { a: 'x' } })
    counter.inc({ a: 'x' }, 4)
    counter.inc({ a: 'x' })
    counter.inc(3)
    counter.inc({ value: 2 })
    counter.labels('x').inc({ value: 8, exemplarLabels: { trace: 't2' } })
    const { values } = await counter.get()
    expect(values).toEqual([
      {
        value: 16,
        labels: { a: 'x' },
        exemplar: { labelSet: { trace: 't2' }, value: 8, timestamp: expect.any(Number) },
      },
      { value: 5, labels: {}, exemplar: null },
    ])
  })

  it('a histogram keeps one for each bucket', async () => {
    const options = { name: 'he', help: 'h', buckets: [1, 5], enableExemplars: true }
    const histogram = new Histogram({ ...options, registers })
    histogram.observe({ value: 3, exemplarLabels: { trace: 't1' } })
    histogram.observe({ value: 9, exemplarLabels: { trace: 't2' } })
    histogram.observe(0.5)
    histogram.observe({}, 0.5)
    expect(() => call(histogram, 'observe', { value: '1', exemplarLabels: {} })).toThrow(INVALID)
    const { values } = await histogram.get()
    expect(values.slice(0, 3).map(({ value, exemplar }) => [value, exemplar?.labelSet])).toEqual([
      [2, undefined],
      [3, { trace: 't1' }],
      [4, { trace: 't2' }],
    ])
  })

  it('a metric forgets them when it is reset', async () => {
    const counter = new Counter({ name: 'reset', help: 'h', enableExemplars: true, registers })
    counter.inc({ exemplarLabels: { trace: 't' } })
    counter.reset()
    counter.inc()
    expect((await counter.get()).values).toEqual([{ value: 1, labels: {}, exemplar: null }])
  })

  it('a timer takes labels of an exemplar at both ends', async () => {
    const options = { name: 'te', help: 'h', labelNames: ['a'] as const, enableExemplars: true }
    const histogram = new Histogram({ ...options, buckets: [60], registers })
    histogram.startTimer({ a: 'x' }, { trace: 't' })({}, { span: 's' })
    const [first] = (await histogram.get()).values
    expect(first.exemplar?.labelSet).toEqual({ trace: 't', span: 's' })
  })
})
