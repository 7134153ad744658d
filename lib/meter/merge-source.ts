import { type FamilyDescription, isCumulative } from './model.js'
import type { ReadSeries } from './reader-catalogue.js'
import { SUMMARY } from './sketch.js'

export type Labels = readonly (readonly [name: string, value: string])[]

/** What a merge reads of an open meter file; the same object for as long as the file is open. */
export interface MeterFigures {
  readonly header: { readonly processSlot: number }
  readonly families: ReadonlyMap<number, FamilyDescription>
  readonly series: ReadonlyMap<number, ReadSeries>
  readonly defaultLabels: Labels
  readonly values: Float64Array
  /** Another one when anything but values has changed. */
  readonly revision: number
  /** Another one when families and series have been numbered anew. */
  readonly generation: number
}

/** Which series one of a file is, by the labels with which it is shown. */
export interface SeriesIdentity {
  /** The labels of the series itself, in the order in which its thread has them. */
  readonly labels: Labels
  /** Default labels of the thread, but for those that the series has itself. */
  readonly defaults: Labels
  /** The process that a series of its own is about; null where processes are added up. */
  readonly process: number | null
}

/**
 * Whether what ended threads counted stays in the totals: only what can be merged with later values.
 * Summaries are added up whatever their aggregator is.
 */
export function outlivesThreads({ type, aggregator }: FamilyDescription): boolean {
  if (type === 'summary') return aggregator !== 'omit'
  return isCumulative(type) && (aggregator === 'sum' || aggregator === 'max')
}

/** How many slots a series of the family has. */
export function slotsOfFamily({ type, parameters }: FamilyDescription): number {
  if (type === 'histogram') return parameters.length + 2
  return type === 'summary' ? SUMMARY.slots : 1
}

/** One file, as a merge sees it. */
export interface MergeSource {
  readonly figures: MeterFigures
  /** Whether its families count when threads disagree about one; those of the retired totals do not. */
  readonly votes: boolean
  /** Whether the thread has ended, so that its gauges tell nothing any more. */
  readonly hasEnded: boolean
  describe(stored: FamilyDescription): FamilyDescription
  identify(series: ReadSeries): SeriesIdentity
  /** `keyOfSeries()` of what `identify()` gives, without making it. */
  keyOf(series: ReadSeries): string
}

/** Where a label of a family stands, in the order of names. */
interface Place {
  readonly name: string
  readonly place: number
  readonly prefix: string
}

const lengthened = (text: string): string => `${text.length}:${text}`

/** The meter file of a thread. */
export class ThreadSource implements MergeSource {
  readonly figures: MeterFigures
  readonly votes = true
  readonly hasEnded: boolean
  #defaults: Labels = []
  #byName = new Map<string, string>()
  #orders = new Map<readonly string[], Place[]>()

  constructor(figures: MeterFigures, hasEnded: boolean) {
    this.figures = figures
    this.hasEnded = hasEnded
  }

  describe(stored: FamilyDescription): FamilyDescription {
    return stored
  }

  identify({ labels: values, family }: ReadSeries): SeriesIdentity {
    const { defaultLabels, families, header } = this.figures
    const { labelNames, perProcess } = families.get(family) as FamilyDescription
    this.#takeDefaults(defaultLabels)
    const labels = labelNames.flatMap((name, i) => {
      const value = values[i] ?? this.#byName.get(name)
      return value === undefined ? [] : [[name, value] as const]
    })
    const defaults = defaultLabels.filter(([name]) => !labelNames.includes(name))
    return { labels, defaults, process: perProcess ? header.processSlot : null }
  }

  keyOf(series: ReadSeries): string {
    const { defaultLabels, families, header } = this.figures
    if (defaultLabels.length > 0) return keyOfSeries(this.identify(series))
    const { labelNames, perProcess } = families.get(series.family) as FamilyDescription
    let key = perProcess ? `${header.processSlot};` : ''
    for (const { prefix, place } of this.#orderOf(labelNames)) {
      const value = series.labels[place]
      if (value !== undefined) key += `${prefix}${value.length}:${value}`
    }
    return key
  }

  #orderOf(labelNames: readonly string[]): readonly Place[] {
    let order = this.#orders.get(labelNames)
    if (order === undefined) {
      order = labelNames.map((name, place) => ({ name, place, prefix: lengthened(name) }))
      order.sort((a, b) => (a.name < b.name ? -1 : 1))
      this.#orders.set(labelNames, order)
    }
    return order
  }

  #takeDefaults(labels: Labels): void {
    if (labels === this.#defaults) return
    this.#defaults = labels
    this.#byName = new Map(labels)
  }
}

/**
 * Differs between any two series of a family, whatever their labels hold; the same for the same labels,
 * whoever has them in whichever order.
 */
export function keyOfSeries({ labels, defaults, process }: SeriesIdentity): string {
  const all = [...labels, ...defaults].sort(([a], [b]) => (a < b ? -1 : 1))
  let key = process === null ? '' : `${process};`
  for (const [name, value] of all) key += lengthened(name) + lengthened(value)
  return key
}

/** Differs between any two families whose series cannot be merged. Each series tells its own labels. */
export function keyOfFamily(family: FamilyDescription): string {
  const { name, type, aggregator, parameters, perProcess } = family
  return JSON.stringify([name, type, aggregator, perProcess, parameters.map(String)])
}
