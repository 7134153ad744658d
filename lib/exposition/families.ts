import type { FamilyDescription } from '../meter/model.js'
import { familyHeader, familyName, sampleName, unknownHeader } from './family-header.js'
import type { ExpositionFormat } from './format.js'
import { type LabelPairs, type SeriesFigures, SeriesText } from './series-text.js'

/** A series to be shown. The object must be a new one when its labels are others: its text hangs on it. */
export interface ShownSeries extends SeriesFigures {
  readonly labels: LabelPairs
  /** Labels that all series of its thread carry, where they are not among `labels` already. */
  readonly defaults?: LabelPairs
}

/** A family to be shown. */
export interface ShownFamily {
  readonly description: FamilyDescription
  readonly series: Iterable<ShownSeries>
}

const texts = new WeakMap<ShownSeries, SeriesText>()

function textOf(family: FamilyDescription, series: ShownSeries): SeriesText {
  let text = texts.get(series)
  if (text === undefined) {
    text = new SeriesText(family, series.labels, series.defaults)
    texts.set(series, text)
  }
  return text
}

/** One family: its header and the lines of its series. */
export function renderFamily(
  { description, series }: ShownFamily,
  format: ExpositionFormat,
): string {
  let text = familyHeader(description, format)
  for (const one of series) text += textOf(description, one).render(format, one)
  return text
}

/** A counter whose OpenMetrics name belongs to another family, under its own name and without a type. */
function renderUnknown({ description, series }: ShownFamily): string {
  let text = unknownHeader(description)
  for (const one of series) text += textOf(description, one).render('text', one)
  return text
}

/** Families as {@link renderFamily} gives them, as one exposition. */
export function joinFamilies(families: readonly string[], format: ExpositionFormat): string {
  if (format === 'openmetrics') return `${families.join('')}# EOF\n`
  return families.length === 0 ? '\n' : families.join('\n')
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

/** All families as one exposition. Names must differ. */
export function renderFamilies(families: readonly ShownFamily[], format: ExpositionFormat): string {
  if (format === 'text') {
    return joinFamilies(
      families.map((family) => renderFamily(family, format)),
      format,
    )
  }
  const names = new Set(families.map(({ description }) => description.name))
  const rendered = families.map((family) =>
    clashes(family.description, names) ? renderUnknown(family) : renderFamily(family, format),
  )
  return joinFamilies(rendered, format)
}
