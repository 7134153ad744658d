import { invalidArgType, outOfRange } from '../errors.js'
import type { Aggregator, MetricType } from '../meter/model.js'
import { AGGREGATORS } from '../meter/model.js'
import { type ExemplarLabels, SeriesExemplars } from './exemplars.js'
import { Family } from './family.js'
import type { Labels } from './label-tree.js'
import { initialStore } from './placement.js'
import { globalRegistry, type Registry } from './registry.js'
import type { Series } from './series.js'
import type {
  CollectFunction,
  MetricConfiguration,
  MetricObjectWithValues,
  MetricValueWithName,
  RegistryContentType,
} from './types.js'
import { isObject, requireLabelNames, requireMetricName, requireText } from './validation.js'

/** What distinguishes the kinds of metrics, and metrics of one kind. */
export interface Kind {
  readonly type: MetricType
  /** Of each series. */
  readonly slots: number
  /** See `FamilyDescription`. */
  readonly parameters?: readonly number[]
  /** A label name that is not free to take. */
  readonly reserved?: string
}

/** What this package's own metrics may ask for beyond what users may. */
export interface OwnConfiguration {
  /** About the thread or process itself: shown for each process, never summed over them. */
  readonly perProcess?: boolean
}

type AnyConfiguration = MetricConfiguration<string> & OwnConfiguration & { collect?: unknown }

function requireAggregator(value: unknown): Aggregator {
  if (value === undefined || value === null) return 'sum'
  if (AGGREGATORS.includes(value as Aggregator)) return value as Aggregator
  throw outOfRange('aggregator', `one of ${AGGREGATORS.join(', ')}`, value)
}

function requireCollect(value: unknown): CollectFunction<unknown> | undefined {
  if (value === undefined || value === null || typeof value === 'function') {
    return (value ?? undefined) as CollectFunction<unknown> | undefined
  }
  throw invalidArgType('collect', 'a function', value)
}

/** A configuration, or the TypeError that says that it is none. */
export function requireConfiguration<C>(value: C): C {
  if (isObject(value)) return value
  throw invalidArgType('configuration', 'an object', value)
}

/** What all kinds of metrics have in common. */
export abstract class Instrument {
  readonly name: string
  readonly help: string
  readonly type: MetricType
  readonly labelNames: readonly string[]
  readonly aggregator: Aggregator
  readonly enableExemplars: boolean
  readonly registers: readonly Registry<RegistryContentType>[]
  declare collect?: CollectFunction<unknown>
  /** @internal */
  readonly family: Family
  /** The series without labels: kept, so that it need not be looked up. */
  protected plain: Series

  constructor(configuration: AnyConfiguration, { type, slots, parameters = [], reserved }: Kind) {
    requireConfiguration(configuration)
    this.help = requireText('help', configuration.help)
    this.name = requireMetricName(configuration.name)
    this.type = type
    this.labelNames = requireLabelNames(configuration.labelNames, reserved)
    this.aggregator = requireAggregator(configuration.aggregator)
    this.enableExemplars = configuration.enableExemplars === true
    this.registers = configuration.registers ?? [globalRegistry]
    const collect = requireCollect(configuration.collect)
    // A method of a subclass stays visible where none is configured.
    if (collect !== undefined) this.collect = collect
    this.family = new Family(
      {
        name: this.name,
        help: this.help,
        type,
        aggregator: this.aggregator,
        labelNames: [...new Set(this.labelNames)],
        parameters,
        perProcess: configuration.perProcess === true,
      },
      slots,
      initialStore(),
    )
    this.plain = this.family.keepPlain()
    if (this.labelNames.length === 0) this.plain = this.family.show(this.plain)
    for (const registry of this.registers) registry.registerMetric(this)
  }

  /** What `get()` shows of the series. */
  protected abstract values(): MetricValueWithName<string>[]

  /** The metric and the values of its series, after its `collect()` function has run. */
  async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    if (this.collect !== undefined) await this.collect.call(this)
    const { name, help, type, aggregator } = this
    return { help, name, type, values: this.values(), aggregator }
  }

  /** Removes all series; without label names the one that remains begins at 0. */
  reset(): void {
    this.family.clear()
    this.plain = this.family.keepPlain()
    if (this.labelNames.length === 0 && this.type !== 'histogram') {
      this.plain = this.family.show(this.plain)
    }
  }

  /** Removes the series with these labels. */
  remove(...values: unknown[]): void {
    this.family.remove(this.labelsOf(values))
  }

  /** The series without labels, shown from now on. */
  protected shownPlain(): Series {
    this.plain = this.family.show(this.plain)
    return this.plain
  }

  /** @param places how many exemplars the series can have */
  protected keepExemplar(
    series: Series,
    places: number,
    exemplar: { place: number; labels: ExemplarLabels; value: number },
  ): void {
    series.exemplars ??= new SeriesExemplars(this.family.store, series.id, places)
    series.exemplars.set(exemplar.place, exemplar.labels, exemplar.value)
  }

  /** The arguments of `labels()` and `remove()` as one object. */
  protected labelsOf(values: readonly unknown[]): Labels {
    const [first] = values
    if (typeof first === 'object') return (first ?? {}) as Labels
    const names = this.labelNames
    if (values.length === names.length) {
      return Object.fromEntries(names.map((name, place) => [name, values[place]]))
    }
    throw outOfRange('labels', `a value for each of the label names [${names}]`, values)
  }
}
