import { getHeapSpaceStatistics } from 'node:v8'
import { Gauge } from '../metrics/gauge.js'
import type { DefaultMetrics } from './default-metric.js'

export function heapSizeAndUsed({ describe, labels }: DefaultMetrics): void {
  const total = new Gauge<string>({
    ...describe('nodejs_heap_size_total_bytes', 'Process heap size from Node.js in bytes.'),
    collect() {
      const usage = process.memoryUsage()
      total.set(labels, usage.heapTotal)
      used.set(labels, usage.heapUsed)
      external.set(labels, usage.external)
    },
  })
  const used = new Gauge<string>(
    describe('nodejs_heap_size_used_bytes', 'Process heap size used from Node.js in bytes.'),
  )
  const external = new Gauge<string>(
    describe('nodejs_external_memory_bytes', 'Node.js external memory size in bytes.'),
  )
}

const SPACE_FIGURES = [
  ['total', 'space_size'],
  ['used', 'space_used_size'],
  ['available', 'space_available_size'],
] as const

/** `old_space` is `old`, as other clients have it. */
export const spaceLabel = (name: string): string => name.replace(/_space$/, '')

export function heapSpacesSizeAndUsed({ describe, labels }: DefaultMetrics): void {
  const gauges = SPACE_FIGURES.map(([figure, field]) => {
    const help = `Process heap space size ${figure} from Node.js in bytes.`
    const name = `nodejs_heap_space_size_${figure}_bytes`
    return [new Gauge<string>(describe(name, help, ['space'])), field] as const
  })
  const [first] = gauges
  if (first === undefined) return
  first[0].collect = () => {
    for (const statistics of getHeapSpaceStatistics()) {
      const space = spaceLabel(statistics.space_name)
      for (const [gauge, field] of gauges) gauge.set({ space, ...labels }, statistics[field])
    }
  }
}
