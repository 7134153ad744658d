import { outOfRange, ThreadmeterError } from '../errors.js'
import {
  CONTENT_TYPES,
  Exposition,
  type ExpositionFormat,
  type LabelPairs,
  renderFamily,
  type ShownFamily,
} from '../exposition/index.js'
import { aggregateObjects } from './aggregators.js'
import type { Family } from './family.js'
import { type Held, heldOf } from './held-metric.js'
import { choose, defaultLabelsChanged, type Holder, settle } from './placement.js'
import { renderObject } from './render-object.js'
import type { Series } from './series.js'
import { SeriesInRegistry } from './shown-series.js'
import type {
  Metric,
  MetricObject,
  MetricObjectWithValues,
  MetricValueWithName,
  OpenMetricsContentType,
  PrometheusContentType,
  RegistrableMetric,
  RegistryContentType,
} from './types.js'
import { requireLabelNames } from './validation.js'

export const prometheusContentType = CONTENT_TYPES.text as PrometheusContentType
export const openMetricsContentType = CONTENT_TYPES.openmetrics as OpenMetricsContentType

function formatOf(contentType: unknown): ExpositionFormat {
  if (contentType === CONTENT_TYPES.text) return 'text'
  if (contentType === CONTENT_TYPES.openmetrics) return 'openmetrics'
  const types = Object.values(CONTENT_TYPES).join(' or ')
  throw outOfRange('contentType', types, contentType)
}

type Values = MetricObjectWithValues<MetricValueWithName<string>>

/**
 * A collection of metrics that are shown together.
 *
 * The metrics of the default registry, {@link register}, are seen by observers too; those of others only by
 * who calls `metrics()`, unless `AggregatorRegistry.setRegistries()` names them.
 *
 * @example
 * ```js
 * import { Counter, Registry } from 'threadmeter/metrics'
 *
 * const registry = new Registry()
 * const jobs = new Counter({ name: 'jobs_total', help: 'Jobs done.', registers: [registry] })
 * jobs.inc()
 * console.log(await registry.metrics())
 * ```
 */
export class Registry<ContentType extends RegistryContentType = RegistryContentType> {
  static readonly PROMETHEUS_CONTENT_TYPE = prometheusContentType
  static readonly OPENMETRICS_CONTENT_TYPE = openMetricsContentType

  /** The default registry. */
  static get globalRegistry(): Registry {
    return globalRegistry
  }

  readonly #held = new Map<string, Held>()
  #defaults: LabelPairs = []
  #shown = new WeakMap<Series, SeriesInRegistry>()
  #format: ExpositionFormat
  #exposition: Exposition | undefined
  /** @internal */
  readonly holder: Holder = {
    families: () => this.#families(),
    holds: (family) => this.#held.get(family.description.name)?.family === family,
    defaultLabels: () => this.#defaults,
    metrics: () => this.#metrics(),
  }

  /** @param contentType the format of `metrics()`: Prometheus text unless it says otherwise */
  constructor(contentType?: ContentType) {
    this.#format = contentType === undefined ? 'text' : formatOf(contentType)
  }

  /** The content type of what `metrics()` gives. */
  get contentType(): ContentType {
    return CONTENT_TYPES[this.#format] as ContentType
  }

  /** @throws `RangeError` `ERR_THREADMETER_OUT_OF_RANGE`: any but the two content types there are */
  setContentType(contentType: ContentType): void {
    this.#format = formatOf(contentType)
    this.#exposition = undefined
    if ((this as unknown) === globalRegistry) defaultContentType = contentType
  }

  /**
   * All metrics as text, after their `collect()` functions have run, all at once. The promise rejects when
   * one of these fails.
   */
  async metrics(): Promise<string> {
    const all = [...this.#held.values()]
    if (all.every(({ family }) => family !== undefined)) {
      await Promise.all(all.map(({ metric }) => metric.collect?.()))
      this.#exposition ??= new Exposition(this.#format)
      const families = all.map(({ family }) => this.#shownFamily(family as Family))
      return this.#exposition.render(families).toString()
    }
    const texts = await Promise.all(all.map((held) => this.#textOf(held)))
    return this.#format === 'text' ? texts.join('\n') : `${texts.join('')}# EOF\n`
  }

  /** One metric as text, without what ends an exposition. */
  async getMetricsAsString<T extends string>(
    metric: Metric<T> | RegistrableMetric,
  ): Promise<string> {
    return (await this.#textOf(heldOf(metric))).trimEnd()
  }

  /** @throws `RangeError` `ERR_THREADMETER_OUT_OF_RANGE`: no metric of this name */
  async getSingleMetricAsString(name: string): Promise<string> {
    const held = this.#held.get(name)
    if (held === undefined) throw outOfRange('name', 'the name of a registered metric', name)
    return this.getMetricsAsString(held.metric)
  }

  /** All metrics with their values. `aggregator` leaves out those of another one. */
  async getMetricsAsJSON(aggregator?: string): Promise<Values[]> {
    const metrics = this.getMetricsAsArray(aggregator) as unknown as RegistrableMetric[]
    const all = await Promise.all(metrics.map((metric) => metric.get()))
    if (this.#defaults.length === 0) return all
    const defaults = Object.fromEntries(this.#defaults)
    return all.map((metric) => ({
      ...metric,
      values: metric.values.map((value) => ({
        ...value,
        labels: { ...value.labels, ...defaults, ...value.labels },
      })),
    }))
  }

  /** All metrics, in the order in which they were registered. */
  getMetricsAsArray(aggregator?: string): MetricObject[] {
    const metrics = [...this.#metrics()]
    const wanted =
      aggregator === undefined
        ? metrics
        : metrics.filter((metric) => (metric.aggregator ?? 'sum') === aggregator)
    return wanted as unknown as MetricObject[]
  }

  /**
   * Adds a metric. Those of other makes need a `name` and a `get()`; observers do not see these.
   *
   * @throws `ThreadmeterError` `ERR_THREADMETER_METRIC_EXISTS`: another metric has the same name
   */
  registerMetric<T extends string>(metric: Metric<T> | RegistrableMetric): void {
    const held = heldOf(metric)
    const present = this.#held.get(metric.name)
    if (present?.metric === held.metric) return
    if (present !== undefined) {
      throw new ThreadmeterError('ERR_THREADMETER_METRIC_EXISTS', [metric.name])
    }
    this.#held.set(metric.name, held)
    if (held.family !== undefined) settle(held.family)
  }

  getSingleMetric<T extends string>(name: string): Metric<T> | undefined {
    return this.#held.get(name)?.metric as unknown as Metric<T> | undefined
  }

  removeSingleMetric(name: string): void {
    const held = this.#held.get(name)
    this.#held.delete(name)
    if (held?.family !== undefined) settle(held.family)
  }

  /** Removes all metrics and the default labels. */
  clear(): void {
    const families = [...this.#families()]
    this.#held.clear()
    for (const family of families) settle(family)
    this.setDefaultLabels({})
  }

  /** Calls `reset()` of each metric. */
  resetMetrics(): void {
    for (const { metric } of this.#held.values()) metric.reset?.()
  }

  /** Labels that every series of this registry gets, unless it has one of that name itself. */
  setDefaultLabels(labels: object): void {
    const names = requireLabelNames(Object.keys(labels), undefined)
    this.#defaults = names.flatMap((name) => {
      const value = (labels as Record<string, unknown>)[name]
      return value === undefined || value === '' ? [] : [[name, `${value}`] as const]
    })
    this.#shown = new WeakMap()
    defaultLabelsChanged(this.holder)
  }

  /** A registry of the metrics of several. @throws `RangeError`: they differ in their content types */
  static merge(registers: readonly Registry<RegistryContentType>[]): Registry {
    const [first] = registers
    const merged = new Registry(first?.contentType)
    for (const registry of registers) {
      if (registry.contentType !== merged.contentType) {
        throw outOfRange('registers', 'registries of one content type', registry.contentType)
      }
      for (const metric of registry.#metrics()) merged.registerMetric(metric)
    }
    return merged
  }

  /**
   * A registry of what `getMetricsAsJSON()` of several gave, made one by each metric's aggregator.
   *
   * @param contentType of the new registry
   */
  static aggregate<T extends RegistryContentType = PrometheusContentType>(
    metrics: readonly object[],
    contentType?: T,
  ): Registry<T> {
    const registry = new Registry<T>(contentType)
    for (const metric of aggregateObjects(metrics as readonly (readonly Values[])[])) {
      registry.registerMetric({ ...metric, get: () => metric })
    }
    return registry
  }

  *#metrics(): Generator<Held['metric']> {
    for (const { metric } of this.#held.values()) yield metric
  }

  *#families(): Generator<Family> {
    for (const { family } of this.#held.values()) if (family !== undefined) yield family
  }

  async #textOf({ metric, family }: Held): Promise<string> {
    if (family === undefined) {
      return renderObject(await metric.get(), this.#format, this.#defaults)
    }
    await metric.collect?.()
    return renderFamily(this.#shownFamily(family), this.#format)
  }

  #shownFamily(family: Family): ShownFamily {
    const series = Array.from(family.shown(), (one) => {
      let shown = this.#shown.get(one)
      if (shown === undefined) {
        shown = new SeriesInRegistry(one, this.#defaults)
        this.#shown.set(one, shown)
      }
      return shown
    })
    return { description: family.description, series }
  }
}

/** The default registry: metrics are registered here unless they say otherwise. */
export const globalRegistry = new Registry()

/** The content type of the default registry. */
export let defaultContentType: RegistryContentType = globalRegistry.contentType

choose([globalRegistry.holder])
