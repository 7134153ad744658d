import { familyHeader } from '../exposition/family-header.js'
import { formatBound } from '../exposition/format.js'
import { type ExpositionFormat, type LabelPairs, sampleText } from '../exposition/index.js'
import type { FamilyDescription } from '../meter/model.js'
import type { MetricObjectWithValues, MetricValueWithName } from './types.js'

type Value = MetricValueWithName<string>

// Their values are numbers that OpenMetrics writes in a form of its own.
const BOUNDS = new Set(['le', 'quantile'])

function pairsOf(labels: Value['labels'], format: ExpositionFormat): LabelPairs {
  return Object.entries(labels ?? {}).flatMap(([name, value]) => {
    if (value === undefined || value === '') return []
    const isBound = BOUNDS.has(name) && typeof value === 'number'
    return [[name, isBound ? formatBound(value, format) : `${value}`] as const]
  })
}

/** The lines of a metric that is known by what its `get()` gives alone: aggregated, or of another make. */
export function renderObject(
  metric: MetricObjectWithValues<Value>,
  format: ExpositionFormat,
  defaults: LabelPairs,
): string {
  const { name, help, type, aggregator } = metric
  const family: FamilyDescription = {
    ...{ name, help: help ?? '', type, aggregator },
    ...{ labelNames: [], parameters: [], perProcess: false },
  }
  let text = familyHeader(family, format)
  for (const { value, labels, metricName } of metric.values ?? []) {
    const isOwn = metricName === undefined || metricName === name
    const sample: FamilyDescription = {
      ...family,
      name: metricName ?? name,
      type: isOwn && type === 'counter' ? 'counter' : 'gauge',
    }
    text += sampleText(sample, format, { labels: pairsOf(labels, format), defaults }, value)
  }
  return text
}
