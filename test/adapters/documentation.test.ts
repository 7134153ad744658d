import { readFileSync } from 'node:fs'
import { AggregationTemporality, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { Registry } from 'prom-client'
import { threadMetrics as observeThreads } from 'threadmeter/opentelemetry'
import { threadMetrics } from 'threadmeter/prom-client'
import { describe, expect, it } from 'vitest'

const prometheus = readFileSync('docs/prometheus.md', 'utf8')
const opentelemetry = readFileSync('docs/opentelemetry.md', 'utf8')

/** The rows of the table whose head begins with `head`, each as its cells. */
function table(page: string, head: string): string[][] {
  const lines = page.slice(page.indexOf(`| ${head} |`)).split('\n')
  const end = lines.findIndex((line) => !line.startsWith('|'))
  return lines.slice(2, end).map((line) => line.split('|').map((cell) => cell.trim()))
}

const names = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name)

class ManualReader extends MetricReader {
  constructor() {
    super({ aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE })
  }
  protected async onShutdown(): Promise<void> {}
  protected async onForceFlush(): Promise<void> {}
}

describe('docs/prometheus.md', () => {
  it('lists the families with their types and labels', async () => {
    const register = new Registry()
    threadMetrics({ register })
    const exported = register
      .getMetricsAsArray()
      .map((metric) => metric as unknown as { name: string; type: string; labelNames: string[] })
      .map(({ name, type, labelNames }) => [[name], type, labelNames])
    const listed = table(prometheus, 'family').map(([, name, type, labels]) => [
      names(name),
      type,
      names(labels),
    ])
    expect(listed).toEqual(exported)
  })
})

describe('docs/opentelemetry.md', () => {
  it('lists the instruments with their units and attributes', async () => {
    const reader = new ManualReader()
    const meterProvider = new MeterProvider({ readers: [reader] })
    const { close } = observeThreads({ meterProvider, minInterval: 1 })
    await new Promise((resolve) => setTimeout(resolve, 20))
    const { resourceMetrics } = await reader.collect()
    close()
    const observed = resourceMetrics.scopeMetrics[0].metrics.map(({ descriptor, dataPoints }) => [
      [descriptor.name],
      [descriptor.unit],
      [...new Set(dataPoints.flatMap(({ attributes }) => Object.keys(attributes)))].sort(),
    ])
    const listed = table(opentelemetry, 'instrument').map(([, name, , unit, attributes]) => [
      names(name),
      names(unit),
      names(attributes).sort(),
    ])
    expect(listed).toEqual(observed)
  })
})
