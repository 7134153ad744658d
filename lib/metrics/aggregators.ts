import { outOfRange } from '../errors.js'
import { AGGREGATORS, type Aggregator } from '../meter/model.js'
import type { MetricObjectWithValues, MetricValueWithName } from './types.js'

type Value = MetricValueWithName<string>
type Values = MetricObjectWithValues<Value>

/** Makes one metric of the same metric of several threads; undefined when there is none to be shown. */
export type AggregatorFunction = (metrics: readonly Values[]) => Values | undefined

/** A sample's name and labels, whatever the order of these. */
function keyOf({ metricName, labels }: Value): string {
  const pairs = Object.entries(labels ?? {}).filter(([, value]) => value !== undefined)
  pairs.sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([metricName, ...pairs.map(([name, value]) => [name, `${value}`])])
}

/** The bounds of a histogram as text: histograms of other bounds do not add up. */
function boundsOf({ values }: Values): string {
  const bounds = new Set(
    values.flatMap(({ labels }) => (labels?.le === undefined ? [] : [labels.le])),
  )
  return [...bounds].join()
}

/** Those histograms whose bounds most of them have. */
function withCommonBounds(metrics: readonly Values[]): readonly Values[] {
  const byBounds = new Map<string, Values[]>()
  for (const metric of metrics) {
    if (metric.values.length === 0) continue
    const bounds = boundsOf(metric)
    const same = byBounds.get(bounds)
    if (same === undefined) byBounds.set(bounds, [metric])
    else same.push(metric)
  }
  const [first = [], ...others] = byBounds.values()
  return others.reduce((most, next) => (next.length > most.length ? next : most), first)
}

const isQuantile = ({ type }: Values, { labels }: Value): boolean =>
  type === 'summary' && labels?.quantile !== undefined

/** @param combine the values of one series in all threads */
function aggregatorOf(combine: (values: readonly number[]) => number): AggregatorFunction {
  return (metrics) => {
    const [first] = metrics
    if (first === undefined) return undefined
    const { help, name, type, aggregator } = first
    const mergeable = type === 'histogram' ? withCommonBounds(metrics) : metrics
    const groups = new Map<string, Value[]>()
    for (const metric of mergeable) {
      for (const value of metric.values) {
        const key = keyOf(value)
        const group = groups.get(key)
        if (group === undefined) groups.set(key, [value])
        else group.push(value)
      }
    }
    const values: Value[] = []
    for (const group of groups.values()) {
      const [{ metricName, labels }] = group as [Value]
      // No quantile of several threads follows from the quantiles of each.
      if (group.length > 1 && isQuantile(first, group[0] as Value)) continue
      const value = combine(group.map((one) => one.value))
      values.push(metricName === undefined ? { value, labels } : { value, labels, metricName })
    }
    return { help, name, type, values, aggregator }
  }
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

/**
 * How the metrics of several threads become one. `AggregatorRegistry.aggregate()` applies them to what
 * `getMetricsAsJSON()` gave; observers do the same with meter files.
 */
export const aggregators: Readonly<Record<Aggregator, AggregatorFunction>> = {
  sum: aggregatorOf(sumOf),
  first: aggregatorOf((values) => values[0] as number),
  min: aggregatorOf((values) => Math.min(...values)),
  max: aggregatorOf((values) => Math.max(...values)),
  average: aggregatorOf((values) => sumOf(values) / values.length),
  omit: () => undefined,
}

/** The metrics of several registries, each made one of those of its name. */
export function aggregateObjects(registries: readonly (readonly Values[])[]): Values[] {
  const byName = new Map<string, Values[]>()
  for (const metric of registries.flat()) {
    const same = byName.get(metric.name)
    if (same === undefined) byName.set(metric.name, [metric])
    else same.push(metric)
  }
  return [...byName.values()].flatMap((metrics) => {
    const name = metrics[0]?.aggregator ?? 'sum'
    if (!AGGREGATORS.includes(name)) {
      throw outOfRange('aggregator', `one of ${AGGREGATORS.join(', ')}`, name)
    }
    const metric = aggregators[name](metrics)
    return metric === undefined ? [] : [metric]
  })
}
