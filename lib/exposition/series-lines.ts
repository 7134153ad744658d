import type { FamilyDescription, Slots } from '../meter/model.js'
import { quantiles, SUMMARY, sketchQuantiles } from '../meter/sketch.js'
import { exemplarText } from './exemplar-text.js'
import { sampleName } from './family-header.js'
import { type ExpositionFormat, formatBound, formatNumber } from './format.js'

/** The figures of one series, as {@link FamilyDescription} lays them out. */
export interface SeriesFigures {
  readonly values: ArrayLike<number>
  readonly index: number
  /** The sketch of a summary. */
  readonly pages?: ReadonlyMap<number, Slots> | undefined
  readonly exemplars?: Slots | undefined
}

/** The lines of one series in one format. */
export interface SeriesLines {
  /** Each line ends with its line break. */
  render(figures: SeriesFigures): string
}

const NO_PAGES: ReadonlyMap<number, Slots> = new Map()

const braces = (labels: string): string => (labels === '' ? '' : `{${labels}}`)

/** `le` or `quantile` comes before the other labels. */
const first = (label: string, value: string, labels: string): string =>
  `{${label}="${value}"${labels === '' ? '' : `,${labels}`}} `

/** The line of a counter or gauge. */
class ScalarLines implements SeriesLines {
  readonly #prefix: string
  readonly #showsExemplar: boolean
  #value = Number.NaN
  #text = ''

  constructor(family: FamilyDescription, labels: string, format: ExpositionFormat) {
    this.#prefix = `${sampleName(family, format)}${braces(labels)} `
    this.#showsExemplar = format === 'openmetrics' && family.type === 'counter'
  }

  render({ values, index, exemplars }: SeriesFigures): string {
    const value = values[index] as number
    if (this.#showsExemplar && exemplars !== undefined) {
      return `${this.#prefix}${formatNumber(value)}${exemplarText(exemplars, 0)}\n`
    }
    if (value !== this.#value) {
      this.#value = value
      this.#text = `${this.#prefix}${formatNumber(value)}\n`
    }
    // Only NaN is unequal to itself.
    return Number.isNaN(value) ? `${this.#prefix}NaN\n` : this.#text
  }
}

/** The lines of a histogram: buckets, sum and count. */
class HistogramLines implements SeriesLines {
  readonly #buckets: readonly string[]
  readonly #sum: string
  readonly #count: string
  readonly #showsExemplars: boolean
  readonly #seen: Float64Array
  #text = ''

  constructor({ name, parameters }: FamilyDescription, labels: string, format: ExpositionFormat) {
    const bounds = [...parameters, Number.POSITIVE_INFINITY]
    this.#buckets = bounds.map(
      (bound) => `${name}_bucket${first('le', formatBound(bound, format), labels)}`,
    )
    this.#sum = `${name}_sum${braces(labels)} `
    this.#count = `${name}_count${braces(labels)} `
    this.#showsExemplars = format === 'openmetrics'
    // NaN is unequal to every value, so nothing passes for seen before it was.
    this.#seen = new Float64Array(bounds.length + 1).fill(Number.NaN)
  }

  render(figures: SeriesFigures): string {
    const exemplars = this.#showsExemplars ? figures.exemplars : undefined
    if (exemplars !== undefined) return this.#make(figures, exemplars)
    if (!this.#hasSeen(figures)) this.#text = this.#make(figures, undefined)
    return this.#text
  }

  /** Whether the lines kept say what the slots say; notes what they say. */
  #hasSeen({ values, index }: SeriesFigures): boolean {
    const seen = this.#seen
    let same = true
    for (let slot = 0; slot < seen.length; slot++) {
      const value = values[index + slot] as number
      if (value !== seen[slot]) {
        seen[slot] = value
        same = false
      }
    }
    return same
  }

  /** Buckets become cumulative here, and `_count` is the last of them: they cannot contradict each other. */
  #make({ values, index }: SeriesFigures, exemplars: Slots | undefined): string {
    const buckets = this.#buckets
    let text = ''
    let count = 0
    for (let bucket = 0; bucket < buckets.length; bucket++) {
      count += values[index + bucket] as number
      const exemplar = exemplars === undefined ? '' : exemplarText(exemplars, bucket)
      text += `${buckets[bucket]}${formatNumber(count)}${exemplar}\n`
    }
    const sum = formatNumber(values[index + buckets.length] as number)
    return `${text}${this.#sum}${sum}\n${this.#count}${formatNumber(count)}\n`
  }
}

/** The lines of a summary: quantiles, which change with time alone, sum and count. */
class SummaryLines implements SeriesLines {
  readonly #parameters: readonly number[]
  readonly #quantiles: readonly string[]
  readonly #sum: string
  readonly #count: string

  constructor({ name, parameters }: FamilyDescription, labels: string, format: ExpositionFormat) {
    this.#parameters = parameters
    this.#quantiles = sketchQuantiles(parameters).map(
      (quantile) => `${name}${first('quantile', formatBound(quantile, format), labels)}`,
    )
    this.#sum = `${name}_sum${braces(labels)} `
    this.#count = `${name}_count${braces(labels)} `
  }

  render({ values, index, pages }: SeriesFigures): string {
    let text = ''
    for (const [place, value] of quantiles(
      this.#parameters,
      pages ?? NO_PAGES,
      Date.now(),
    ).entries()) {
      text += `${this.#quantiles[place]}${formatNumber(value)}\n`
    }
    const sum = formatNumber(values[index + SUMMARY.sum] as number)
    const count = formatNumber(values[index + SUMMARY.count] as number)
    return `${text}${this.#sum}${sum}\n${this.#count}${count}\n`
  }
}

/** @param labels all labels of the series but `le` and `quantile`, as they stand between braces */
export function seriesLines(
  family: FamilyDescription,
  labels: string,
  format: ExpositionFormat,
): SeriesLines {
  switch (family.type) {
    case 'histogram':
      return new HistogramLines(family, labels, format)
    case 'summary':
      return new SummaryLines(family, labels, format)
    default:
      return new ScalarLines(family, labels, format)
  }
}
