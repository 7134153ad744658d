import type { FamilyDescription } from '../meter/model.js'
import { type ExpositionFormat, escapeLabelValue } from './format.js'
import { type SeriesFigures, type SeriesLines, seriesLines } from './series-lines.js'

export type { SeriesFigures } from './series-lines.js'

export type LabelPairs = readonly (readonly [name: string, value: string])[]

const labelText = (labels: LabelPairs): string =>
  labels.map(([name, value]) => `${name}="${escapeLabelValue(value)}"`).join(',')

/**
 * The lines of one series. It keeps what does not change, and the lines themselves while the values stay
 * as they are: most of a large catalogue does, from one scrape to the next.
 */
export class SeriesText {
  readonly #family: FamilyDescription
  readonly #labels: string
  #text: SeriesLines | undefined
  #openmetrics: SeriesLines | undefined

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
    return this.#lines(format).render(figures)
  }

  #lines(format: ExpositionFormat): SeriesLines {
    if (format === 'text') {
      this.#text ??= seriesLines(this.#family, this.#labels, format)
      return this.#text
    }
    this.#openmetrics ??= seriesLines(this.#family, this.#labels, format)
    return this.#openmetrics
  }
}
