import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { randomNumbers } from '../adapters/simulated-process.js'
import { type Client, ours, peers, sortedLines } from './clients.js'

const START = 1_700_000_000_000
const PERCENTILES = [0.01, 0.05, 0.5, 0.9, 0.95, 0.99, 0.999]

interface Sample {
  value: number
  labels: Record<string, unknown>
  metricName?: string
}

const summaryOf = ({ module }: Client, options: object = {}) => {
  const registry = new module.Registry()
  const summary = new module.Summary({
    name: 'seconds',
    help: 'Durations.',
    registers: [registry],
    ...options,
  })
  return { registry, summary }
}

/** The quantiles that a summary without labels shows, by their rank. */
async function quantilesOf(summary: { get(): Promise<{ values: Sample[] }> }) {
  const { values } = await summary.get()
  return new Map(
    values
      .filter(({ metricName }) => metricName === undefined)
      .map(({ labels, value }) => [labels.quantile as number, value]),
  )
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'hrtime'], now: START })
})

afterEach(() => {
  vi.useRealTimers()
})

type Call = (summary: {
  observe(...args: unknown[]): void
  labels(...args: unknown[]): { observe(value: unknown): void; startTimer(): () => unknown }
  startTimer(labels?: object): (labels?: object) => unknown
  remove(...args: unknown[]): void
  reset(): void
}) => unknown

const VALUES: readonly unknown[] = [0, 1, -2.5, 1e-9, 17, '1', null, Number.NaN, 1 / 0, undefined]
const LABELS: readonly unknown[] = [
  { a: 'x' },
  { a: 'x', b: 'y' },
  { b: 'y', a: 'x' },
  { a: 200 },
  { a: '200' },
  { b: 'z' },
  { c: 'unknown' },
  {},
  null,
]

function randomCalls(seed: number): Call[] {
  const random = randomNumbers(seed)
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  return Array.from({ length: 60 }, (): Call => {
    const [labels, value, ms] = [one(LABELS), one(VALUES), Math.floor(random() * 5000)]
    const elapse = (end: () => unknown): unknown => {
      vi.advanceTimersByTime(ms)
      return Math.round((end() as number) * 1000)
    }
    const calls: Call[] = [
      (summary) => summary.observe(labels, value),
      (summary) => summary.observe(labels, value),
      (summary) => summary.observe(value),
      (summary) => summary.labels(labels ?? {}).observe(value),
      (summary) => summary.labels('x', 'y').observe(value),
      (summary) => summary.labels('x').observe(value),
      (summary) => elapse(summary.startTimer(labels as object)),
      (summary) => elapse(summary.labels('t', 'u').startTimer()),
      (summary) => summary.remove(labels ?? {}),
      (summary) => summary.remove('x', 'y'),
    ]
    return random() < 0.03 ? (summary) => summary.reset() : one(calls)
  })
}

/** What each call gives, and what is shown in the end but for the quantiles. */
async function outcomeOf(client: Client, calls: readonly Call[]) {
  vi.setSystemTime(START)
  const { registry, summary } = summaryOf(client, { labelNames: ['a', 'b'] })
  const results = calls.map((call) => {
    try {
      return call(summary) ?? 'done'
    } catch {
      return 'thrown'
    }
  })
  const lines = sortedLines(await registry.metrics())
  const quantiles = lines.filter((line) => line.includes('quantile='))
  return {
    results,
    lines: lines.filter((line) => !line.includes('quantile=')).map(roundedSum),
    quantiles: quantiles.map((line) => line.replace(/ \S+$/, '')),
  }
}

/** Clocks of different kinds were read for the same time. */
const roundedSum = (line: string): string =>
  line.replace(/(_sum\S*) (\S+)$/, (_, name, sum) => `${name} ${Number(sum).toFixed(6)}`)

describe.each(peers)('Summary beside $name', (peer) => {
  it('counts, throws and shows the same', async () => {
    let thrown = 0
    let shown = 0
    for (let seed = 1; seed <= 60; seed++) {
      const calls = randomCalls(seed)
      const theirs = await outcomeOf(peer, calls)
      expect(await outcomeOf(ours, calls), `seed ${seed}`).toEqual(theirs)
      thrown += theirs.results.filter((result) => result === 'thrown').length
      shown += theirs.lines.length
    }
    expect(thrown).toBeGreaterThan(60 * 5)
    expect(shown).toBeGreaterThan(60 * 5)
  })

  it('shows the same quantiles, nearer to the exact ones', async () => {
    const random = randomNumbers(99)
    const normal = (): number =>
      Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    const data = Array.from({ length: 20_000 }, () => Math.exp(normal() - 4))
    const [own, theirs] = [summaryOf(ours), summaryOf(peer)]
    for (const value of data) {
      own.summary.observe(value)
      theirs.summary.observe(value)
    }
    data.sort((a, b) => a - b)
    const [shown, other] = [await quantilesOf(own.summary), await quantilesOf(theirs.summary)]
    expect([...shown.keys()]).toEqual([...other.keys()])
    for (const quantile of PERCENTILES) {
      const exact = data[Math.ceil(quantile * data.length) - 1] as number
      expect(Math.abs((shown.get(quantile) as number) - exact) / exact).toBeLessThan(0.01)
      // The digest of the others is less exact in values, but must be of the same rank.
      const rank = data.findIndex((value) => value >= (other.get(quantile) as number))
      expect(Math.abs(rank / data.length - quantile)).toBeLessThan(0.01)
    }
  })

  it('forgets after the same time', async () => {
    const options = { maxAgeSeconds: 5, ageBuckets: 5, percentiles: [0.5, 1] }
    const [own, theirs] = [summaryOf(ours, options), summaryOf(peer, options)]
    let isForgotten = false
    for (let step = 0; step < 24; step++) {
      if (step < 8) {
        own.summary.observe(step)
        theirs.summary.observe(step)
      }
      vi.advanceTimersByTime(500 + (step === 0 ? 250 : 0))
      const [shown, other] = [await quantilesOf(own.summary), await quantilesOf(theirs.summary)]
      expect(shown.get(1), `after ${step} steps`).toBeCloseTo(other.get(1) as number, 9)
      isForgotten ||= step >= 8 && shown.get(1) === 0
    }
    expect(isForgotten).toBe(true)
  })

  it.each([false, true])('keeps or removes what is out of date: %s', async (pruneAgedBuckets) => {
    const options = { maxAgeSeconds: 5, ageBuckets: 5, pruneAgedBuckets, labelNames: ['a'] }
    const texts = []
    for (const client of [ours, peer]) {
      vi.setSystemTime(START)
      const { registry, summary } = summaryOf(client, options)
      summary.observe({ a: 'early' }, 1)
      vi.advanceTimersByTime(5500)
      summary.observe({ a: 'late' }, 1)
      const before = sortedLines(await registry.metrics())
      vi.advanceTimersByTime(11_000)
      texts.push([before, sortedLines(await registry.metrics())])
    }
    expect(texts[0]).toEqual(texts[1])
    expect(texts[0]?.[0]?.join()).toContain('late')
    expect(texts[0]?.[0]?.join().includes('early')).toBe(!pruneAgedBuckets)
    expect(texts[0]?.[1]?.join().includes('late')).toBe(!pruneAgedBuckets)
  })
})

describe('Summary', () => {
  const { Summary, Registry } = ours.module

  it.each([
    [{ percentiles: [0.5, 50] }, RangeError],
    [{ percentiles: [-0.1] }, RangeError],
    [{ percentiles: ['0.5'] }, RangeError],
    [{ percentiles: 0.5 }, RangeError],
    [{ maxAgeSeconds: -1, ageBuckets: 5 }, RangeError],
    [{ maxAgeSeconds: 60, ageBuckets: 2.5 }, RangeError],
    [{ maxAgeSeconds: 60, ageBuckets: 1e6 }, RangeError],
    [{ labelNames: ['quantile'] }, RangeError],
  ])('refuses what could not be shown: %o', (options, error) => {
    expect(() => summaryOf(ours, options)).toThrow(error)
  })

  it('shows the only value there is exactly', async () => {
    const { summary } = summaryOf(ours)
    for (let times = 0; times < 10; times++) summary.observe(0.123456789)
    expect([...(await quantilesOf(summary)).values()]).toEqual(PERCENTILES.map(() => 0.123456789))
  })

  it('has its values pruned where nobody asks but an observer', () => {
    const registers = [new Registry()]
    const options = { maxAgeSeconds: 5, ageBuckets: 5, pruneAgedBuckets: true, labelNames: ['a'] }
    const summary = new Summary({ name: 'pruned', help: 'h', registers, ...options })
    summary.observe({ a: 'x' }, 1)
    vi.advanceTimersByTime(20_000)
    expect([...summary.family.shown()].length).toBe(1)
    summary.collect()
    expect([...summary.family.shown()].length).toBe(0)
  })
})
