import type { CpuUsage } from '../../cpu/fallback.js'
import { VERDICTS } from '../../cpu/verdict.js'
import { PROCESS_PARTS } from '../process-parts.js'
import type { ThreadCollector, ThreadReadings } from '../thread-collector.js'
import { THREAD_FAMILIES } from '../thread-families.js'
import type { ThreadSeries } from '../thread-totals.js'
import type { MetricDefinition, Sample } from './metric.js'

interface Family extends Omit<MetricDefinition, 'samples'> {
  readonly samples: (readings: ThreadReadings) => Sample[]
}

const MICROS_PER_SECOND = 1e6
const NS_PER_SECOND = 1e9

const labelsOf = ({ thread, role }: ThreadSeries): Record<string, string> => ({ thread, role })

/** One sample of each series, without those whose figure is not known. */
function perSeries(
  { series }: ThreadReadings,
  samples: (series: ThreadSeries) => (readonly [value: number, labels?: Record<string, string>])[],
): Sample[] {
  return series
    .flatMap((one) =>
      samples(one).map(([value, labels]) => ({ labels: { ...labelsOf(one), ...labels }, value })),
    )
    .filter(({ value }) => !Number.isNaN(value))
}

const byMode = ({ user, system }: CpuUsage) =>
  [
    [user / MICROS_PER_SECOND, { mode: 'user' }],
    [system / MICROS_PER_SECOND, { mode: 'system' }],
  ] as const

const cpu: Family = {
  ...THREAD_FAMILIES.cpu,
  samples: (readings) => perSeries(readings, (series) => [...byMode(series)]),
}

const runDelay: Family = {
  ...THREAD_FAMILIES.runDelay,
  samples: (readings) => perSeries(readings, (series) => [[series.runDelay / NS_PER_SECOND]]),
}

const contextSwitches: Family = {
  ...THREAD_FAMILIES.contextSwitches,
  samples: (readings) =>
    perSeries(readings, ({ voluntary, involuntary }) => [
      [voluntary, { kind: 'voluntary' }],
      [involuntary, { kind: 'involuntary' }],
    ]),
}

const eventLoopUtilization: Family = {
  ...THREAD_FAMILIES.eventLoopUtilization,
  samples: ({ rates }) =>
    rates
      .map((rate) => ({ labels: labelsOf(rate.series), value: rate.eventLoopUtilization }))
      .filter(({ value }) => !Number.isNaN(value)),
}

const state: Family = {
  ...THREAD_FAMILIES.state,
  samples: ({ rates }) =>
    rates.flatMap(({ series, states }) =>
      VERDICTS.map((verdict) => ({
        labels: { ...labelsOf(series), state: verdict },
        value: states[verdict],
      })),
    ),
}

const threads: Family = {
  ...THREAD_FAMILIES.threads,
  samples: ({ live }) => live.map(([role, count]) => ({ labels: { role }, value: count })),
}

const processCpu = (parts: readonly (typeof PROCESS_PARTS)[number][]): Family => ({
  ...THREAD_FAMILIES.processCpu,
  samples: (readings) =>
    parts.flatMap((part) =>
      byMode(readings.parts[part]).map(([value, mode]) => ({ labels: { part, ...mode }, value })),
    ),
})

/** The families that this host can fill, reading from `collector`. */
export function families(collector: ThreadCollector): MetricDefinition[] {
  const { readable } = collector
  const chosen: Family[] = [cpu]
  if (readable.runDelay) chosen.push(runDelay)
  if (readable.contextSwitches) chosen.push(contextSwitches)
  chosen.push(eventLoopUtilization, state, threads)
  // Without a view of the helper threads nothing tells them from those that have exited.
  chosen.push(processCpu(readable.helpers ? PROCESS_PARTS : ['main', 'workers']))
  const definitions = chosen.map(
    (family): MetricDefinition => ({
      ...family,
      samples: () => {
        const readings = collector.collect()
        return readings === undefined ? [] : family.samples(readings)
      },
    }),
  )
  definitions.push({
    name: 'nodejs_thread_collect_errors_total',
    help: 'Collections in which the threads could not be read.',
    type: 'counter',
    aggregator: 'sum',
    labelNames: [],
    samples: () => {
      collector.collect()
      return [{ labels: {}, value: collector.errors }]
    },
  })
  return definitions
}
