import type { FamilyDescription, Slots } from '../meter/model.js'
import { quantiles, SUMMARY, sketchQuantiles } from '../meter/sketch.js'
import { exemplarText } from './exemplar-text.js'
import { sampleName } from './family-header.js'
import { type ExpositionFormat, escapeLabelValue, formatBound } from './format.js'

export type LabelPairs = readonly (readonly [name: string, value: string])[]

/** What a series is told apart by. */
export interface SeriesLabels {
  /** Those of the series itself. */
  readonly labels: LabelPairs
  /** Those that all series of its thread carry, where they are not among `labels` already. */
  readonly defaults?: LabelPairs | undefined
}

/** The figures of one series, as {@link FamilyDescription} lays them out. */
export interface SeriesFigures {
  readonly values: ArrayLike<number>
  readonly index: number
  /** The sketch of a summary. */
  readonly pages?: ReadonlyMap<number, Slots> | undefined
  readonly exemplars?: Slots | undefined
}

const NO_PAGES: ReadonlyMap<number, Slots> = new Map()

const labelText = (labels: LabelPairs): string =>
  labels.map(([name, value]) => `${name}="${escapeLabelValue(value)}"`).join(',')

/** All labels of a series but `le` and `quantile`, placed where the clients of Node place them. */
function allLabels({ type }: FamilyDescription, { labels, defaults = [] }: SeriesLabels): string {
  const own = new Set(labels.map(([name]) => name))
  const rest = defaults.filter(([name]) => !own.has(name))
  return labelText(type === 'histogram' ? [...rest, ...labels] : [...labels, ...rest])
}

/** What stands before the numbers of a series, line by line. */
export function linePrefixes(
  family: FamilyDescription,
  series: SeriesLabels,
  format: ExpositionFormat,
): string[] {
  const { name, type, parameters } = family
  const labels = allLabels(family, series)
  const braced = labels === '' ? '' : `{${labels}}`
  // `le` or `quantile` comes before the other labels.
  const each = (sample: string, label: string, values: readonly number[]): string[] =>
    values.map(
      (value) =>
        `${sample}{${label}="${formatBound(value, format)}"${labels === '' ? '' : `,${labels}`}} `,
    )
  const sumAndCount = [`${name}_sum${braced} `, `${name}_count${braced} `]
  switch (type) {
    case 'histogram':
      return [
        ...each(`${name}_bucket`, 'le', [...parameters, Number.POSITIVE_INFINITY]),
        ...sumAndCount,
      ]
    case 'summary':
      return [...each(name, 'quantile', sketchQuantiles(parameters)), ...sumAndCount]
    default:
      return [`${sampleName(family, format)}${braced} `]
  }
}

/** No series of the family has more lines. */
export const mostLines = ({ parameters }: FamilyDescription): number => parameters.length + 3

/** Writes the numbers of a series from `at` on, line by line; returns where they end. */
export function lineNumbers(
  { type, parameters }: FamilyDescription,
  figures: SeriesFigures,
  into: Float64Array,
  at: number,
): number {
  switch (type) {
    case 'histogram':
      return histogramNumbers(figures, parameters.length + 1, into, at)
    case 'summary':
      return summaryNumbers(figures, parameters, into, at)
    default:
      into[at] = figures.values[figures.index] as number
      return at + 1
  }
}

/** Buckets become cumulative here, and `_count` is the last of them: they cannot contradict each other. */
function histogramNumbers(
  { values, index }: SeriesFigures,
  buckets: number,
  into: Float64Array,
  at: number,
): number {
  let count = 0
  for (let bucket = 0; bucket < buckets; bucket++) {
    count += values[index + bucket] as number
    into[at + bucket] = count
  }
  into[at + buckets] = values[index + buckets] as number
  into[at + buckets + 1] = count
  return at + buckets + 2
}

/** Quantiles change with time alone. */
function summaryNumbers(
  { values, index, pages }: SeriesFigures,
  parameters: readonly number[],
  into: Float64Array,
  at: number,
): number {
  const found = quantiles(parameters, pages ?? NO_PAGES, Date.now())
  into.set(found, at)
  const end = at + found.length
  into[end] = values[index + SUMMARY.sum] as number
  into[end + 1] = values[index + SUMMARY.count] as number
  return end + 2
}

/** How many of the first lines of a series may have an exemplar. */
export function exemplarLines(
  { type, parameters }: FamilyDescription,
  { exemplars }: SeriesFigures,
  format: ExpositionFormat,
): number {
  if (exemplars === undefined || format === 'text') return 0
  if (type === 'histogram') return parameters.length + 1
  return type === 'counter' ? 1 : 0
}

/** What follows the number of such a line. */
export const lineExemplar = ({ exemplars }: SeriesFigures, line: number): string =>
  exemplarText(exemplars as Slots, line)
