import { randomNumbers } from '../adapters/simulated-process.js'
import type { Client } from './clients.js'

/** One call of one metric, or of the child that `child` names. */
export interface Step {
  readonly metric: number
  readonly method: string
  readonly args: readonly unknown[]
  readonly child?: readonly unknown[]
  /** Of a timer: ms until it ends, and what it is ended with. */
  readonly ends?: readonly [ms: number, labels: unknown]
}

export interface MetricSpec {
  readonly type: 'Counter' | 'Gauge' | 'Histogram'
  readonly configuration: Record<string, unknown>
}

export interface Sequence {
  readonly metrics: readonly MetricSpec[]
  readonly steps: readonly Step[]
  readonly defaultLabels: Record<string, string>
}

const TYPES = ['Counter', 'Gauge', 'Histogram'] as const
const LABEL_NAMES = ['method', 'code', 'le_', 'host']
// Of each, what the peers take for one and the same.
const LABEL_VALUES = ['GET', 'get', 200, '200', 404, 0.5, true, 'a b', 'x"y\\z\n', 'ä€😀', '{}']
const AMOUNTS = [0, 1, 2, 0.1, 0.3, 1e21, 1e-7, 123456789]
const BAD_AMOUNTS = [-1, Number.POSITIVE_INFINITY, '5', {}, 'text', true]
const BOUNDS = [
  undefined,
  [],
  [1],
  [0.1, 1, 10],
  [-2, 0, 1],
  Array.from({ length: 40 }, (_, i) => i),
]
const METHODS = {
  Counter: ['inc', 'inc', 'inc', 'inc', 'remove', 'reset'],
  Gauge: ['inc', 'dec', 'set', 'set', 'setToCurrentTime', 'startTimer', 'remove', 'reset'],
  Histogram: ['observe', 'observe', 'observe', 'observe', 'startTimer', 'zero', 'remove', 'reset'],
}
const CHILD_METHODS = {
  Counter: ['inc'],
  Gauge: ['inc', 'dec', 'set', 'setToCurrentTime', 'startTimer'],
  Histogram: ['observe', 'startTimer'],
}

/** Calls that make sense mixed with calls that do not, the same for the same seed. */
export class SequenceMaker {
  readonly #random: () => number
  readonly #values: readonly unknown[]

  constructor(seed: number, moreValues: readonly unknown[] = []) {
    this.#random = randomNumbers(seed)
    this.#values = [...LABEL_VALUES, ...moreValues]
  }

  make(steps: number): Sequence {
    const metrics = Array.from({ length: 1 + this.#below(4) }, (_, place) => this.#metric(place))
    return {
      metrics,
      steps: this.steps(metrics, steps),
      defaultLabels: this.#chance(0.3) ? { app: 'one', host: 'default' } : {},
    }
  }

  steps(metrics: readonly MetricSpec[], count: number): readonly Step[] {
    return Array.from({ length: count }, () => this.#step(metrics))
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  #chance(share: number): boolean {
    return this.#random() < share
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)]
  }

  #metric(place: number): MetricSpec {
    const type = this.#pick(TYPES)
    const names = this.#shuffled(LABEL_NAMES).slice(0, this.#below(4))
    const aggregator = this.#pick(['sum', 'first', 'min', 'max', 'average', 'omit', undefined])
    const buckets = type === 'Histogram' ? this.#pick(BOUNDS) : undefined
    const configuration: Record<string, unknown> = { name: `m${place}`, help: 'A "\\help".' }
    if (names.length > 0) configuration.labelNames = names
    if (buckets !== undefined) configuration.buckets = buckets
    if (aggregator !== undefined) configuration.aggregator = aggregator
    return { type, configuration }
  }

  #shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((value) => [this.#random(), value] as const)
      .sort(([a], [b]) => a - b)
      .map(([, value]) => value)
  }

  #step(metrics: readonly MetricSpec[]): Step {
    const metric = this.#below(metrics.length)
    const { type, configuration } = metrics[metric]
    const names = (configuration.labelNames ?? []) as readonly string[]
    const isChild = this.#chance(0.25)
    const method = this.#pick((isChild ? CHILD_METHODS : METHODS)[type])
    const child = isChild ? this.#labelArguments(names) : undefined
    const args = isChild ? this.#valueArguments(method) : this.#arguments(method, names)
    const ends = method === 'startTimer' ? this.#end(names) : undefined
    return { metric, method, args, ...(child && { child }), ...(ends && { ends }) }
  }

  #end(names: readonly string[]): readonly [number, unknown] {
    // Seconds that every way to reckon them gives without an error.
    return [this.#below(20) * 250, this.#chance(0.5) ? undefined : this.#labels(names)]
  }

  #arguments(method: string, names: readonly string[]): readonly unknown[] {
    if (method === 'reset') return []
    if (method === 'remove') return this.#labelArguments(names)
    // Without a check in one peer.
    if (method === 'zero') return [this.#knownLabels(names)]
    if (method === 'setToCurrentTime' || method === 'startTimer') {
      return this.#chance(0.3) ? [] : [this.#labels(names)]
    }
    return this.#chance(0.3)
      ? this.#valueArguments(method)
      : [this.#labels(names), ...this.#valueArguments(method)]
  }

  #valueArguments(method: string): readonly unknown[] {
    if (method === 'setToCurrentTime' || method === 'startTimer') return []
    if (this.#chance(0.2)) return []
    if (method === 'set' && this.#chance(0.2)) return [this.#pick([Number.NaN, -5, 1 / 0, -1 / 0])]
    if (method === 'observe' && this.#chance(0.1)) return [this.#pick([-5, Number.NaN])]
    // One that both peers make a number of.
    if (method === 'dec') return [this.#pick(AMOUNTS)]
    return [this.#chance(0.1) ? this.#pick(BAD_AMOUNTS) : this.#pick(AMOUNTS)]
  }

  #labelArguments(names: readonly string[]): readonly unknown[] {
    if (this.#chance(0.5)) return [this.#knownLabels(names)]
    const count = this.#chance(0.1) ? this.#below(5) : names.length
    return Array.from({ length: count }, () => this.#pick(this.#values))
  }

  #knownLabels(names: readonly string[]): Record<string, unknown> {
    const chosen = this.#shuffled(names).filter(() => !this.#chance(0.2))
    return Object.fromEntries(chosen.map((name) => [name, this.#pick(this.#values)]))
  }

  #labels(names: readonly string[]): Record<string, unknown> {
    const labels = this.#knownLabels(names)
    return this.#chance(0.05) ? { ...labels, unknown: 'x' } : labels
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a metric of any of the three clients
type Anything = any

/** A sequence played to one client. */
export class Player {
  readonly registry: Anything
  readonly #metrics: Anything[]
  readonly #advance: (ms: number) => void

  /** @param advance lets time pass */
  constructor({ module }: Client, { metrics }: Sequence, advance: (ms: number) => void) {
    this.registry = new module.Registry()
    this.#advance = advance
    this.#metrics = metrics.map(
      ({ type, configuration }) =>
        new module[type]({ ...configuration, registers: [this.registry] }),
    )
  }

  /** What a call comes to: 'done', 'thrown', or what a timer returned. */
  play({ metric, method, args, child, ends }: Step): string {
    try {
      const target = this.#metrics[metric]
      const result = (child === undefined ? target : target.labels(...child))[method](...args)
      if (ends === undefined) return 'done'
      this.#advance(ends[0])
      return `${result(ends[1])}`
    } catch {
      return 'thrown'
    }
  }
}
