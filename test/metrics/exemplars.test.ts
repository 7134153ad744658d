import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { mergeExemplars, readExemplar } from '../../lib/meter/exemplar-slots.js'
import { MemoryStore } from '../../lib/meter/memory-store.js'
import type { SeriesStore, Slots } from '../../lib/meter/model.js'
import { SeriesExemplars } from '../../lib/metrics/exemplars.js'
import { type Client, ours, peers } from './clients.js'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'hrtime'], now: 1_700_000_000_250 })
})

afterEach(() => {
  vi.useRealTimers()
})

/** What a counter and a histogram with exemplars come to in OpenMetrics. */
async function exposition({ module }: Client): Promise<string[]> {
  const registry = new module.Registry(module.openMetricsContentType)
  const options = { help: 'h', labelNames: ['a'], enableExemplars: true, registers: [registry] }
  const counter = new module.Counter({ name: 'jobs_total', ...options })
  const histogram = new module.Histogram({ name: 'seconds', buckets: [0.1, 1], ...options })
  counter.inc({ labels: { a: 'x' }, value: 2, exemplarLabels: { trace_id: 'one', span_id: '1' } })
  counter.inc({ labels: { a: 'x' }, exemplarLabels: { trace_id: 'two' } })
  counter.inc({ labels: { a: 'plain' } })
  histogram.observe({ labels: { a: 'x' }, value: 0.05, exemplarLabels: { trace_id: 'fast' } })
  vi.advanceTimersByTime(1500)
  histogram.observe({ labels: { a: 'x' }, value: 0.5, exemplarLabels: { trace_id: 'slow' } })
  histogram.observe({ labels: { a: 'x' }, value: 7, exemplarLabels: { trace_id: 'slowest' } })
  histogram.observe({ labels: { a: 'x' }, value: 0.6, exemplarLabels: {} })
  const end = histogram.startTimer({ a: 'x' }, { trace_id: 'timed' })
  vi.advanceTimersByTime(20)
  end({}, { span_id: '2' })
  return (await registry.metrics()).split('\n')
}

const exemplarsIn = (lines: readonly string[]): string[] =>
  lines.filter((line) => line.includes(' # ')).map((line) => line.replace(/^.* # /, ''))

describe.each(peers)('exemplars beside $name', (peer) => {
  it('are the same, but for the value of a counter, which is that of its increase', async () => {
    const shown = exemplarsIn(await exposition(ours))
    vi.setSystemTime(1_700_000_000_250)
    const theirs = exemplarsIn(await exposition(peer))
    expect(shown.length).toBe(4)
    expect(shown.slice(1)).toEqual(theirs.slice(1))
    expect(shown[0]).toBe('{trace_id="two"} 1 1700000000.25')
    expect(theirs[0]).toMatch(/^\{trace_id="two"\} \d 1700000000\.25$/)
  })

  it('refuse labels of more than 128 characters, and no fewer', () => {
    for (const { module } of [ours, peer]) {
      const options = { help: 'h', enableExemplars: true }
      const registers = [new module.Registry(module.openMetricsContentType)]
      const counter = new module.Counter({ name: 'c_total', registers, ...options })
      const longest = { trace: 'x'.repeat(123) }
      expect(() => counter.inc({ exemplarLabels: longest })).not.toThrow()
      expect(() => counter.inc({ exemplarLabels: { ...longest, a: '' } })).toThrow(RangeError)
    }
  })
})

describe('exemplars', () => {
  const options = { name: 'c_total', help: 'h', enableExemplars: true }
  const { Counter, Registry, openMetricsContentType, prometheusContentType } = ours.module

  it('escape what would end a label, and count characters, not bytes or halves of them', async () => {
    const registry = new Registry(openMetricsContentType)
    const counter = new Counter({ ...options, registers: [registry] })
    counter.inc({ exemplarLabels: { path: 'C:\\temp "x"\n' } })
    expect(await registry.metrics()).toContain(
      'c_total 1 # {path="C:\\\\temp \\"x\\"\\n"} 1 1700000000.25\n',
    )
    counter.inc({ exemplarLabels: { thread: '🧵'.repeat(122) } })
    expect(await registry.metrics()).toContain(`# {thread="${'🧵'.repeat(122)}"} 1 `)
    expect(() => counter.inc({ exemplarLabels: { thread: '🧵'.repeat(123) } })).toThrow(RangeError)
    expect(() => counter.inc({ exemplarLabels: { 'not-a-name': 'x' } })).toThrow('not-a-name')
  })

  it('are as they were when they came, whatever becomes of the object', async () => {
    const registry = new Registry(openMetricsContentType)
    const counter = new Counter({ ...options, registers: [registry] })
    const labels = { trace_id: 'one' }
    counter.inc({ exemplarLabels: labels })
    labels.trace_id = 'another'
    expect(await registry.metrics()).toContain('{trace_id="one"}')
    const { values } = await counter.get()
    expect(values[0].exemplar.labelSet).toEqual({ trace_id: 'one' })
  })

  it('are not in text of Prometheus, which has none', async () => {
    const registry = new Registry(openMetricsContentType)
    const counter = new Counter({ ...options, registers: [registry] })
    counter.inc({ exemplarLabels: { trace_id: 'one' } })
    registry.setContentType(prometheusContentType)
    expect(await registry.metrics()).toContain('\nc_total 1\n')
  })
})

describe('SeriesExemplars', () => {
  const labelsAt = (exemplars: SeriesExemplars, place: number): string | undefined =>
    readExemplar(exemplars.block as Slots, place)?.labels

  it('move to another store and to more room with all there is', () => {
    const exemplars = new SeriesExemplars(new MemoryStore(), 1, 3)
    expect(exemplars.block).toBeUndefined()
    exemplars.set(0, { a: 'short' }, 1)
    exemplars.set(2, { a: 'x'.repeat(120) }, 2)
    exemplars.move(new MemoryStore(), 5)
    exemplars.set(1, { a: 'after' }, 3)
    expect([0, 1, 2].map((place) => labelsAt(exemplars, place))).toEqual([
      'a="short"',
      'a="after"',
      `a="${'x'.repeat(120)}"`,
    ])
    exemplars.clear()
    expect([0, 1, 2].map((place) => labelsAt(exemplars, place))).toEqual(Array(3).fill(undefined))
    exemplars.set(2, { a: 'again' }, 2)
    expect(labelsAt(exemplars, 2)).toBe('a="again"')
  })

  it('ask a store for room once per size, not once per exemplar', () => {
    const memory = new MemoryStore()
    const asked: number[] = []
    const store: SeriesStore = Object.assign(Object.create(memory), {
      exemplars: (series: number, slots: number) => {
        asked.push(slots)
        return memory.exemplars(series, slots)
      },
    })
    const exemplars = new SeriesExemplars(store, 0, 12)
    for (let i = 0; i < 1000; i++) exemplars.set(i % 12, { trace_id: `${i}`.repeat(8) }, i)
    expect(asked.length).toBeLessThanOrEqual(2)
  })

  it('of several threads merge into the newest of each bucket', () => {
    const threads = [1, 2, 3].map(() => new SeriesExemplars(new MemoryStore(), 0, 2))
    for (const [number, exemplars] of threads.entries()) {
      exemplars.set(0, { thread: number }, number)
      vi.advanceTimersByTime(10)
    }
    threads[0]?.set(1, { thread: 'first' }, 7)
    let merged: Slots | undefined
    for (const { block } of threads) merged = mergeExemplars(merged, block as Slots)
    expect(readExemplar(merged as Slots, 0)?.labels).toBe('thread="2"')
    expect(readExemplar(merged as Slots, 1)).toMatchObject({ labels: 'thread="first"', value: 7 })
  })
})
