import type { FamilyDescription } from '../meter/model.js'
import { familyHeader, familyName, sampleName, unknownHeader } from './family-header.js'
import type { ExpositionFormat } from './format.js'
import { KeptText, SeriesPlace } from './kept-text.js'
import type { SeriesFigures, SeriesLabels } from './series-lines.js'

/** A series to be shown. The object must be a new one when its labels are others: its text hangs on it. */
export interface ShownSeries extends SeriesFigures, SeriesLabels {}

/** A family to be shown. */
export interface ShownFamily {
  readonly description: FamilyDescription
  readonly series: Iterable<ShownSeries>
}

/** What a series is shown with, where that is not what it says itself. */
export type LabelsOf = (series: ShownSeries) => SeriesLabels

/** One exposition after the other of the same service, in one format. */
export class Exposition {
  readonly #format: ExpositionFormat
  readonly #labelsOf: LabelsOf
  readonly #text = new KeptText()
  #places = new WeakMap<ShownSeries, SeriesPlace>()

  constructor(format: ExpositionFormat, labelsOf: LabelsOf = (series) => series) {
    this.#format = format
    this.#labelsOf = labelsOf
  }

  /** All families in UTF-8; it holds until the next call. Their names must differ. */
  render(families: readonly ShownFamily[]): Buffer {
    this.#text.begin()
    if (this.#format === 'openmetrics') this.#writeOpenMetrics(families)
    else this.#writeText(families)
    return this.#text.finish()
  }

  /** One family, without what stands between families. */
  renderOne(family: ShownFamily): Buffer {
    this.#text.begin()
    this.#write(family)
    return this.#text.finish()
  }

  #writeText(families: readonly ShownFamily[]): void {
    if (families.length === 0) this.#text.write('\n')
    // An empty line between families, as the clients of Node write it.
    for (const [place, family] of families.entries()) {
      if (place > 0) this.#text.write('\n')
      this.#write(family)
    }
  }

  #writeOpenMetrics(families: readonly ShownFamily[]): void {
    const names = new Set(families.map(({ description }) => description.name))
    for (const family of families) {
      if (clashes(family.description, names)) this.#writeUnknown(family)
      else this.#write(family)
    }
    this.#text.write('# EOF\n')
  }

  #write(family: ShownFamily): void {
    this.#text.write(familyHeader(family.description, this.#format))
    this.#writeSeries(family, this.#format)
  }

  /** A counter whose OpenMetrics name belongs to another family, under its own name and without a type. */
  #writeUnknown(family: ShownFamily): void {
    this.#text.write(unknownHeader(family.description))
    this.#writeSeries(family, 'text')
  }

  #writeSeries({ description, series }: ShownFamily, format: ExpositionFormat): void {
    for (const one of series) {
      this.#text.writeSeries(description, format, this.#placeOf(one), one, () =>
        this.#labelsOf(one),
      )
    }
  }

  #placeOf(series: ShownSeries): SeriesPlace {
    let place = this.#places.get(series)
    if (place === undefined) {
      place = new SeriesPlace()
      this.#places.set(series, place)
    }
    return place
  }
}

/**
 * Whether a counter cannot be shown as one in OpenMetrics beside the families of these names: `jobs_total`
 * is the family `jobs` there, which may be a gauge; `jobs` has the sample `jobs_total`.
 */
function clashes(family: FamilyDescription, names: ReadonlySet<string>): boolean {
  const isTaken = (name: string): boolean => name !== family.name && names.has(name)
  return (
    family.type === 'counter' &&
    (isTaken(familyName(family, 'openmetrics')) || isTaken(sampleName(family, 'openmetrics')))
  )
}

/** All families as a string. */
export const renderFamilies = (
  families: readonly ShownFamily[],
  format: ExpositionFormat,
): string => new Exposition(format).render(families).toString()

/** One family as a string, without what stands between families. */
export const renderFamily = (family: ShownFamily, format: ExpositionFormat): string =>
  new Exposition(format).renderOne(family).toString()
