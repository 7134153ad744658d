import type { FamilyDescription, Slots } from '../meter/model.js'
import { quantiles, SUMMARY, sketchQuantiles } from '../meter/sketch.js'
import { exemplarText } from './exemplar-text.js'
import { sampleName } from './family-header.js'
import { type ExpositionFormat, escapeLabelValue, formatBound, formatNumber } from './format.js'

export type LabelPairs = readonly (readonly [name: string, value: string])[]

/** The figures of one series, as {@link FamilyDescription} lays them out. */
export interface SeriesFigures {
  readonly values: ArrayLike<number>
  readonly index: number
  /** The sketch of a summary. */
  readonly pages?: ReadonlyMap<number, Slots> | undefined
  readonly exemplars?: Slots | undefined
}

/** What comes before each value of a series in one format, and its lines as they were last. */
interface Lines {
  readonly prefixes: readonly string[]
  /** The slots of which `text` was made. */
  readonly seen: Float64Array
  text: string
}

const NO_PAGES: ReadonlyMap<number, Slots> = new Map()

function labelText(labels: LabelPairs): string {
  let text = ''
  for (const [name, value] of labels) {
    text += `${text === '' ? '' : ','}${name}="${escapeLabelValue(value)}"`
  }
  return text
}

const braces = (labels: string): string => (labels === '' ? '' : `{${labels}}`)

/**
 * The lines of one series. It keeps what does not change, and the lines themselves while the values stay
 * as they are: most of a large catalogue does, from one scrape to the next.
 */
export class SeriesText {
  readonly #family: FamilyDescription
  readonly #labels: string
  #text: Lines | undefined
  #openmetrics: Lines | undefined

  /**
   * @param labels those of the series itself
   * @param defaults those that all series of its thread carry; placed where the clients of Node place them
   */
  constructor(family: FamilyDescription, labels: LabelPairs, defaults: LabelPairs = []) {
    this.#family = family
    const own = new Set(labels.map(([name]) => name))
    const rest = defaults.filter(([name]) => !own.has(name))
    const isHistogram = family.type === 'histogram'
    this.#labels = labelText(isHistogram ? [...rest, ...labels] : [...labels, ...rest])
  }

  /** The lines of the series, each with its line break. */
  render(format: ExpositionFormat, figures: SeriesFigures): string {
    const lines = this.#lines(format)
    const { type } = this.#family
    if (type === 'summary') return this.#summary(lines, figures)
    const exemplars = format === 'openmetrics' ? figures.exemplars : undefined
    if (exemplars === undefined && isUnchanged(lines, figures)) return lines.text
    return type === 'histogram'
      ? this.#histogram(lines, figures, exemplars)
      : scalar(lines, figures, type === 'counter' ? exemplars : undefined)
  }

  #lines(format: ExpositionFormat): Lines {
    if (format === 'text') {
      this.#text ??= this.#make(format)
      return this.#text
    }
    this.#openmetrics ??= this.#make(format)
    return this.#openmetrics
  }

  #make(format: ExpositionFormat): Lines {
    const prefixes = this.#prefixes(format)
    // NaN is unequal to every value, so nothing passes for seen before it was.
    return { prefixes, seen: new Float64Array(slotsOf(this.#family)).fill(Number.NaN), text: '' }
  }

  #prefixes(format: ExpositionFormat): string[] {
    const { name, type, parameters } = this.#family
    const labels = this.#labels
    const ends = [`${name}_sum${braces(labels)} `, `${name}_count${braces(labels)} `]
    const rest = labels === '' ? '' : `,${labels}`
    switch (type) {
      case 'histogram': {
        const bounds = [...parameters, Number.POSITIVE_INFINITY]
        const bucket = (bound: number): string =>
          `${name}_bucket{le="${formatBound(bound, format)}"${rest}} `
        return [...bounds.map(bucket), ...ends]
      }
      case 'summary': {
        const line = (quantile: number): string =>
          `${name}{quantile="${formatBound(quantile, format)}"${rest}} `
        return [...sketchQuantiles(parameters).map(line), ...ends]
      }
      default:
        return [`${sampleName(this.#family, format)}${braces(labels)} `]
    }
  }

  /** Buckets become cumulative here, and `_count` is the last of them: they cannot contradict each other. */
  #histogram(lines: Lines, { values, index }: SeriesFigures, exemplars: Slots | undefined): string {
    const { prefixes } = lines
    const buckets = prefixes.length - 2
    let text = ''
    let count = 0
    for (let bucket = 0; bucket < buckets; bucket++) {
      count += values[index + bucket] as number
      const exemplar = exemplars === undefined ? '' : exemplarText(exemplars, bucket)
      text += `${prefixes[bucket]}${formatNumber(count)}${exemplar}\n`
    }
    const sum = formatNumber(values[index + buckets] as number)
    lines.text = `${text}${prefixes[buckets]}${sum}\n${prefixes[buckets + 1]}${formatNumber(count)}\n`
    return lines.text
  }

  #summary({ prefixes }: Lines, { values, index, pages }: SeriesFigures): string {
    const shown = quantiles(this.#family.parameters, pages ?? NO_PAGES, Date.now())
    let text = ''
    for (const [place, value] of shown.entries())
      text += `${prefixes[place]}${formatNumber(value)}\n`
    const [sumPrefix, countPrefix] = prefixes.slice(-2)
    const sum = formatNumber(values[index + SUMMARY.sum] as number)
    const count = formatNumber(values[index + SUMMARY.count] as number)
    return `${text}${sumPrefix}${sum}\n${countPrefix}${count}\n`
  }
}

/** How many slots decide what the lines of a series say. */
function slotsOf({ type, parameters }: FamilyDescription): number {
  if (type === 'histogram') return parameters.length + 2
  return type === 'summary' ? 0 : 1
}

/** Whether the lines kept say what the slots say; notes what the slots say. */
function isUnchanged({ seen }: Lines, { values, index }: SeriesFigures): boolean {
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

function scalar(
  lines: Lines,
  { values, index }: SeriesFigures,
  exemplars: Slots | undefined,
): string {
  const exemplar = exemplars === undefined ? '' : exemplarText(exemplars, 0)
  lines.text = `${lines.prefixes[0]}${formatNumber(values[index] as number)}${exemplar}\n`
  return lines.text
}
