import type { FamilyDescription } from '../meter/model.js'
import { familyHeader, familyName, sampleName, unknownHeader } from './family-header.js'
import type { ExpositionFormat } from './format.js'
import { type LabelPairs, type SeriesFigures, SeriesText } from './series-text.js'
import { StringSink, type TextSink } from './sink.js'

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

function writeSeries(
  { description, series }: ShownFamily,
  format: ExpositionFormat,
  sink: TextSink,
): void {
  for (const one of series) sink.write(textOf(description, one).render(format, one))
}

/** One family: its header and the lines of its series. */
export function writeFamily(family: ShownFamily, format: ExpositionFormat, sink: TextSink): void {
  sink.write(familyHeader(family.description, format))
  writeSeries(family, format, sink)
}

/** A counter whose OpenMetrics name belongs to another family, under its own name and without a type. */
function writeUnknown(family: ShownFamily, sink: TextSink): void {
  sink.write(unknownHeader(family.description))
  writeSeries(family, 'text', sink)
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

function writeOpenMetrics(families: readonly ShownFamily[], sink: TextSink): void {
  const names = new Set(families.map(({ description }) => description.name))
  for (const family of families) {
    if (clashes(family.description, names)) writeUnknown(family, sink)
    else writeFamily(family, 'openmetrics', sink)
  }
  sink.write('# EOF\n')
}

/** All families as one exposition. Their names must differ. */
export function writeFamilies(
  families: readonly ShownFamily[],
  format: ExpositionFormat,
  sink: TextSink,
): void {
  if (format === 'openmetrics') {
    writeOpenMetrics(families, sink)
    return
  }
  if (families.length === 0) sink.write('\n')
  // An empty line between families, as the clients of Node write it.
  for (const [place, family] of families.entries()) {
    if (place > 0) sink.write('\n')
    writeFamily(family, 'text', sink)
  }
}

/** The same as a string. */
export function renderFamilies(families: readonly ShownFamily[], format: ExpositionFormat): string {
  const sink = new StringSink()
  writeFamilies(families, format, sink)
  return sink.toString()
}

/** One family as a string, without what stands between families. */
export function renderFamily(family: ShownFamily, format: ExpositionFormat): string {
  const sink = new StringSink()
  writeFamily(family, format, sink)
  return sink.toString()
}
