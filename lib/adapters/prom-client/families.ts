import type { CpuUsage } from '../../cpu/fallback.js'
import { VERDICTS } from '../../cpu/verdict.js'
import { PROCESS_PARTS } from '../process-parts.js'
import type { ThreadCollector, ThreadReadings } from '../thread-collector.js'
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
  name: 'nodejs_thread_cpu_seconds_total',
  help: 'CPU time of the threads of this process. Threads that ended stay counted.',
  type: 'counter',
  aggregator: 'sum',
  labelNames: ['thread', 'role', 'mode'],
  samples: (readings) => perSeries(readings, (series) => [...byMode(series)]),
}

const runDelay: Family = {
  name: 'nodejs_thread_run_delay_seconds_total',
  help: 'Time that threads were ready to run and waited for a processor.',
  type: 'counter',
  aggregator: 'sum',
  labelNames: ['thread', 'role'],
  samples: (readings) => perSeries(readings, (series) => [[series.runDelay / NS_PER_SECOND]]),
}

const contextSwitches: Family = {
  name: 'nodejs_thread_context_switches_total',
  help: 'Times that threads left a processor: voluntary to wait, involuntary when preempted.',
  type: 'counter',
  aggregator: 'sum',
  labelNames: ['thread', 'role', 'kind'],
  samples: (readings) =>
    perSeries(readings, ({ voluntary, involuntary }) => [
      [voluntary, { kind: 'voluntary' }],
      [involuntary, { kind: 'involuntary' }],
    ]),
}

const eventLoopUtilization: Family = {
  name: 'nodejs_thread_event_loop_utilization_ratio',
  help: 'Share of the last window in which the event loop did not wait for events; the mean where several threads share a label.',
  type: 'gauge',
  aggregator: 'average',
  labelNames: ['thread', 'role'],
  samples: ({ rates }) =>
    rates
      .map((rate) => ({ labels: labelsOf(rate.series), value: rate.eventLoopUtilization }))
      .filter(({ value }) => !Number.isNaN(value)),
}

const state: Family = {
  name: 'nodejs_thread_state',
  help: 'Number of threads that were mostly busy, starved of a processor, blocked in a synchronous call, or idle, in the last window.',
  type: 'gauge',
  aggregator: 'sum',
  labelNames: ['thread', 'role', 'state'],
  samples: ({ rates }) =>
    rates.flatMap(({ series, states }) =>
      VERDICTS.map((verdict) => ({
        labels: { ...labelsOf(series), state: verdict },
        value: states[verdict],
      })),
    ),
}

const threads: Family = {
  name: 'nodejs_threads',
  help: 'Number of live threads of this process.',
  type: 'gauge',
  aggregator: 'sum',
  labelNames: ['role'],
  samples: ({ live }) => live.map(([role, count]) => ({ labels: { role }, value: count })),
}

const processCpu = (parts: readonly (typeof PROCESS_PARTS)[number][]): Family => ({
  name: 'nodejs_process_cpu_seconds_total',
  help: 'CPU time of this process by what used it. The parts add up to the process; exited is what threads used that ended without having been seen.',
  type: 'counter',
  aggregator: 'sum',
  labelNames: ['part', 'mode'],
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
