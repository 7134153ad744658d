import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import { collectFailures } from '../metrics/collect-all.js'
import { Counter } from '../metrics/counter.js'
import { Gauge } from '../metrics/gauge.js'
import { Histogram } from '../metrics/histogram.js'
import { publish } from '../metrics/placement.js'
import { globalRegistry, Registry } from '../metrics/registry.js'
import { onGarbageCollection } from './garbage-collection.js'
import { spaceLabel } from './heap-metrics.js'

const GC_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]
const DELAY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

const HEAP_FIGURES = [
  ['used', 'used_heap_size', 'JavaScript heap in use.'],
  ['total', 'total_heap_size', 'JavaScript heap that V8 holds.'],
  ['limit', 'heap_size_limit', 'Beyond which the JavaScript heap must not grow.'],
] as const

/**
 * What a thread tells about itself, as ordinary instruments of a registry that only observers see: the
 * application's own registry neither shows nor loses them.
 */
export class ThreadMetrics {
  readonly #own: { registers: Registry[]; perProcess: boolean }
  readonly #label: { thread: string }
  readonly #heap: readonly (readonly [Gauge.Internal<string>, (typeof HEAP_FIGURES)[number][1]])[]
  readonly #spaces: Gauge<string>
  readonly #kept: Gauge.Internal<string>[] = []
  readonly #delay: Histogram.Internal<string>
  readonly #failures: Counter<string>
  #failuresTold = 0

  /** @param thread the name under which the thread's figures are shown */
  constructor(thread: string) {
    const registry = new Registry()
    this.#own = { registers: [registry], perProcess: true }
    this.#label = { thread }
    this.#heap = HEAP_FIGURES.map(([figure, field, help]) => {
      const gauge = this.#gauge(`nodejs_thread_heap_${figure}_bytes`, help)
      return [gauge.labels(this.#label), field] as const
    })
    const space = 'JavaScript heap in use by space.'
    this.#spaces = this.#gauge('nodejs_thread_heap_space_used_bytes', space, ['space'])
    this.#delay = this.#delays().labels(this.#label)
    this.#failures = new Counter<string>({
      name: 'threadmeter_collect_failures_total',
      help: 'Failed collect() functions of metrics.',
      registers: [registry],
    })
    this.#observeGarbageCollection()
    // The labels that the application gives all its metrics are those of the thread.
    const defaultLabels = globalRegistry.holder.defaultLabels
    publish({ ...registry.holder, defaultLabels })
  }

  /** How many seconds whatever had come to the event loop would have waited. */
  readonly delayed = (seconds: number): void => this.#delay.observe(seconds)

  /** Brings all that is read at intervals up to date. */
  refresh(): void {
    const heap = getHeapStatistics()
    for (const [gauge, field] of this.#heap) gauge.set(heap[field])
    const spaces = getHeapSpaceStatistics()
    for (let i = 0; i < spaces.length; i++) {
      const { space_name: name, space_used_size: used } = spaces[i] as (typeof spaces)[number]
      this.#space(i, name).set(used)
    }
    const failures = collectFailures()
    if (failures === this.#failuresTold) return
    this.#failures.inc(failures - this.#failuresTold)
    this.#failuresTold = failures
  }

  /** V8 lists its spaces in one order. */
  #space(place: number, name: string): Gauge.Internal<string> {
    const kept = this.#kept[place]
    if (kept !== undefined) return kept
    const labels = { ...this.#label, space: spaceLabel(name) }
    const gauge = this.#spaces.labels(labels)
    this.#kept[place] = gauge
    return gauge
  }

  #gauge(name: string, help: string, more: readonly string[] = []): Gauge<string> {
    return new Gauge<string>({ ...this.#own, name, help, labelNames: ['thread', ...more] })
  }

  #delays(): Histogram<string> {
    return new Histogram<string>({
      ...this.#own,
      name: 'nodejs_thread_event_loop_delay_seconds',
      help: 'How long what came to the event loop at any time had to wait for it.',
      labelNames: ['thread'],
      buckets: DELAY_BUCKETS,
    })
  }

  #observeGarbageCollection(): void {
    const durations = new Histogram<string>({
      ...this.#own,
      name: 'nodejs_thread_gc_duration_seconds',
      help: 'Garbage collections of the thread: major, minor, incremental, weakcb.',
      labelNames: ['thread', 'kind'],
      buckets: GC_BUCKETS,
    })
    const { thread } = this.#label
    onGarbageCollection((kind, seconds) => durations.observe({ thread, kind }, seconds))
  }
}
