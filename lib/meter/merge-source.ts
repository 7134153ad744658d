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
  /** In the order of the family's label names. */
  readonly own: readonly (string | undefined)[]
  /** Default labels of the thread, but for those whose names are among the family's. */
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
  identify(series: ReadSeries, family: FamilyDescription): SeriesIdentity
}

/** The meter file of a thread. */
export class ThreadSource implements MergeSource {
  readonly figures: MeterFigures
  readonly votes = true
  readonly hasEnded: boolean
  #defaults: Labels = []
  #byName = new Map<string, string>()

  constructor(figures: MeterFigures, hasEnded: boolean) {
    this.figures = figures
    this.hasEnded = hasEnded
  }

  describe(stored: FamilyDescription): FamilyDescription {
    return stored
  }

  identify({ labels }: ReadSeries, { labelNames, perProcess }: FamilyDescription): SeriesIdentity {
    const { defaultLabels, header } = this.figures
    const process = perProcess ? header.processSlot : null
    if (defaultLabels.length === 0) return { own: labels, defaults: defaultLabels, process }
    this.#takeDefaults(defaultLabels)
    const own = labels.map((value, i) => value ?? this.#byName.get(labelNames[i] as string))
    const defaults = this.#defaults.filter(([name]) => !labelNames.includes(name))
    return { own, defaults, process }
  }

  #takeDefaults(labels: Labels): void {
    if (labels === this.#defaults) return
    this.#defaults = labels
    this.#byName = new Map(labels)
  }
}

const lengthened = (text: string): string => `${text.length}:${text}`

/** Differs between any two series of a family, whatever their labels hold. */
export function keyOfSeries({ own, defaults, process }: SeriesIdentity): string {
  let key = process === null ? '' : `${process};`
  for (const value of own) key += value === undefined ? '-' : lengthened(value)
  if (defaults.length === 0) return key
  const sorted = defaults.map(([name, value]) => lengthened(name) + lengthened(value)).sort()
  return `${key};${sorted.join('')}`
}

/** Differs between any two families whose series cannot be merged. */
export function keyOfFamily(family: FamilyDescription): string {
  const { name, type, aggregator, labelNames, parameters, perProcess } = family
  return JSON.stringify([name, type, aggregator, perProcess, labelNames, parameters.map(String)])
}
