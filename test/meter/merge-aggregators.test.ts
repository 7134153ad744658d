import { AggregatorRegistry } from 'prom-client'
import { expect, it } from 'vitest'
import { MeterService } from '../../dist/meter/service.js'
import { family, LIVING, shown, store, writeMeter } from './fixtures/meters.mjs'
import { temporaryDirectory } from './temporary-directory.js'

const AGGREGATORS = ['sum', 'first', 'min', 'max', 'average', 'omit'] as const
const THREADS = 5
const LABELS = ['a', 'b', 'c', 'd', 'e', 'f']

// A small generator of numbers, so that a failure can be looked at again.
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const next = numbers(20240229)

/** Values of each thread for some of the labels. */
const threads = Array.from({ length: THREADS }, () =>
  AGGREGATORS.map((aggregator) => ({
    aggregator,
    values: LABELS.filter(() => next() < 0.7).map((label) => ({
      label,
      value: Math.round(next() * 1000) / 8 - 50,
    })),
  })),
)

/** What prom-client 15 makes of the same values in its cluster's primary. */
async function expected(): Promise<unknown> {
  const metrics = threads.map((families) =>
    families.map(({ aggregator, values }) => ({
      name: `${aggregator}_gauge`,
      help: aggregator,
      type: 'gauge',
      aggregator,
      values: values.map(({ label, value }) => ({ labels: { label }, value })),
    })),
  )
  const registry = AggregatorRegistry.aggregate(metrics as never)
  const families = await registry.getMetricsAsJSON()
  const entries = families.map(({ name, values }) => {
    const series = values as { labels: { label: string }; value: number }[]
    return [name, Object.fromEntries(series.map((one) => [`label=${one.labels.label}`, one.value]))]
  })
  return Object.fromEntries(entries)
}

it('aggregates as prom-client does', async () => {
  const dir = temporaryDirectory()
  for (const [thread, families] of threads.entries()) {
    writeMeter(dir, { ...LIVING, threadId: thread, suffix: `-${thread}` }, (image) => {
      for (const { aggregator, values } of families) {
        const options = { type: 'gauge', aggregator, labelNames: ['label'] } as const
        const id = image.family(family(`${aggregator}_gauge`, options))
        for (const { label, value } of values) store(image, id, [label], value)
      }
    })
  }
  const service = new MeterService(dir)
  service.refresh()
  // Twice: nothing of one merge may be left in the next.
  service.merged()
  const all = shown(service)
  expect(all).toEqual(await expected())
  expect(Object.keys(all)).toHaveLength(AGGREGATORS.length - 1)
  service.close()
})
