import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { Aggregator } from '../meter/model.js'
import { Gauge } from '../metrics/gauge.js'
import { Histogram } from '../metrics/histogram.js'
import { Summary } from '../metrics/summary.js'
import type { DefaultMetrics } from './default-metric.js'

const NS_PER_SECOND = 1e9
const PRECISION_MS = 10

type Figure = readonly [
  name: string,
  help: string,
  aggregator: Aggregator,
  read: (delay: IntervalHistogram) => number,
]

const percentile = (rank: number): Figure => [
  `p${rank}`,
  `The ${rank}th percentile of the recorded event loop delays.`,
  'average',
  (delay) => delay.percentile(rank),
]

const FIGURES: readonly Figure[] = [
  ['min', 'The minimum recorded event loop delay.', 'min', (delay) => delay.min],
  ['max', 'The maximum recorded event loop delay.', 'max', (delay) => delay.max],
  ['mean', 'The mean of the recorded event loop delays.', 'average', (delay) => delay.mean],
  [
    'stddev',
    'The standard deviation of the recorded event loop delays.',
    'average',
    (delay) => delay.stddev,
  ],
  percentile(50),
  percentile(90),
  percentile(99),
]

export function eventLoopLag({ describe, labels, options }: DefaultMetrics): void {
  const resolution = options.eventLoopMonitoringPrecision ?? PRECISION_MS
  const delay = monitorEventLoopDelay({ resolution })
  delay.enable()
  const lag = new Gauge<string>({
    ...describe('nodejs_eventloop_lag_seconds', 'Lag of event loop in seconds.'),
    aggregator: 'average',
    collect,
  })
  const gauges = FIGURES.map(([name, help, aggregator, read]) => {
    const description = describe(`nodejs_eventloop_lag_${name}_seconds`, help)
    return [new Gauge<string>({ ...description, aggregator }), read] as const
  })
  function collect(): void {
    const asked = performance.now()
    setImmediate(() => lag.set(labels, (performance.now() - asked) / 1000))
    // Nothing was recorded: there is no least or mean of nothing.
    if (!(delay.max > 0)) return
    for (const [gauge, read] of gauges) gauge.set(labels, read(delay) / NS_PER_SECOND)
    delay.reset()
  }
}

const UTILIZATION_TIMEOUT_MS = 100
const UTILIZATION_MAX_AGE_SECONDS = 60
const UTILIZATION_AGE_BUCKETS = 5
const UTILIZATION_BUCKETS: readonly number[] = [
  0.01, 0.05, 0.1, 0.25, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.99, 1,
]

export function eventLoopUtilization({ describe, labels, options }: DefaultMetrics): void {
  const help =
    'Ratio of time the event loop is not idling in the event provider to the total time the event loop is running.'
  const summary = new Summary<string>({
    ...describe('nodejs_eventloop_utilization_summary', help),
    maxAgeSeconds: options.eventLoopUtilizationMaxAgeSeconds ?? UTILIZATION_MAX_AGE_SECONDS,
    ageBuckets: options.eventLoopUtilizationAgeBuckets ?? UTILIZATION_AGE_BUCKETS,
    percentiles: options.eventLoopUtilizationPercentiles,
  })
  const histogram = new Histogram<string>({
    ...describe('nodejs_eventloop_utilization_histogram', help),
    buckets: options.eventLoopUtilizationBuckets ?? UTILIZATION_BUCKETS,
  })
  const interval = options.eventLoopUtilizationTimeout ?? UTILIZATION_TIMEOUT_MS
  let last = performance.eventLoopUtilization()
  let lastTime = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    const current = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(current, last)
    // A loop that was blocked for many intervals was busy in each of them.
    for (let times = Math.round((now - lastTime) / interval); times > 0; times--) {
      summary.observe(labels, utilization)
      histogram.observe(labels, utilization)
    }
    last = current
    lastTime = now
  }, interval)
  timer.unref()
}
