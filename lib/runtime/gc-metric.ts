import { Histogram } from '../metrics/histogram.js'
import type { DefaultMetrics } from './default-metric.js'
import { onGarbageCollection } from './garbage-collection.js'

/** Bounds in seconds that other clients use. */
const GC_DURATION_BUCKETS: readonly number[] = [0.001, 0.01, 0.1, 1, 2, 5]

export function gc({ describe, labels, options }: DefaultMetrics): void {
  const help = 'Garbage collection duration by kind, one of major, minor, incremental or weakcb.'
  const histogram = new Histogram<string>({
    ...describe('nodejs_gc_duration_seconds', help, ['kind']),
    buckets: options.gcDurationBuckets ?? GC_DURATION_BUCKETS,
  })
  onGarbageCollection((kind, seconds) => histogram.observe({ kind, ...labels }, seconds))
}
