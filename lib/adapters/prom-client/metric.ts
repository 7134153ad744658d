/** One sample as both clients render it. */
export interface Sample {
  labels: Record<string, string>
  value: number
}

export type MetricType = 'counter' | 'gauge'

/** What a registry hands out as JSON and takes to render. */
export interface MetricValues {
  name: string
  help: string
  type: MetricType
  aggregator: 'sum' | 'average'
  values: Sample[]
}

/** One family: its description, and how its samples are formed. */
export interface MetricDefinition {
  readonly name: string
  readonly help: string
  readonly type: MetricType
  readonly aggregator: 'sum' | 'average'
  readonly labelNames: readonly string[]
  readonly samples: () => Sample[]
}

/**
 * A metric as the registries of prom-client 15 and of @prometheus-io/client 0.16 take it. They ask no
 * more of a metric than this, so neither client needs to be imported.
 */
export class CollectedMetric {
  readonly help: string
  readonly type: MetricType
  readonly aggregator: 'sum' | 'average'
  readonly labelNames: readonly string[]

  #name: string
  #renderedName: string | undefined
  #samples: () => Sample[]

  constructor({ name, help, type, aggregator, labelNames, samples }: MetricDefinition) {
    this.#name = name
    this.help = help
    this.type = type
    this.aggregator = aggregator
    this.labelNames = labelNames
    this.#samples = samples
  }

  get name(): string {
    return this.#name
  }

  /**
   * An OpenMetrics registry renames each counter right before it renders it, taking the `_total` off
   * that it will put back. The clients' own metrics keep the short name for ever, also in JSON; here it
   * holds for that rendering.
   */
  set name(name: string) {
    this.#renderedName = name
  }

  /** For JSON. */
  async get(): Promise<MetricValues> {
    return this.#values(this.#name)
  }

  /** For text. */
  async getForPromString(): Promise<MetricValues> {
    const name = this.#renderedName ?? this.#name
    this.#renderedName = undefined
    return this.#values(name)
  }

  /** Nothing: these are the kernel's counters, `resetMetrics()` cannot set them back. */
  reset(): void {}

  #values(name: string): MetricValues {
    const { help, type, aggregator } = this
    return { name, help, type, aggregator, values: this.#samples() }
  }
}
