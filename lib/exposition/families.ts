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

interface ShownLabels {
  readonly labels: LabelPairs
  readonly defaults?: LabelPairs
}

/** The texts of series, kept as long as the series themselves are. */
export class SeriesTexts<T extends ShownSeries = ShownSeries> {
  #texts = new WeakMap<T, SeriesText>()
  #labelsOf: (series: T) => ShownLabels

  /** @param labelsOf what a series is shown with, where that is not what it says itself */
  constructor(labelsOf: (series: T) => ShownLabels = (series) => series) {
    this.#labelsOf = labelsOf
  }

  of(family: FamilyDescription, series: T): SeriesText {
    let text = this.#texts.get(series)
    if (text === undefined) {
      const { labels, defaults } = this.#labelsOf(series)
      text = new SeriesText(family, labels, defaults)
      this.#texts.set(series, text)
    }
    return text
  }
}

const ownTexts = new SeriesTexts()

/** Writes families in one format. */
class FamilyWriter {
  readonly #format: ExpositionFormat
  readonly #sink: TextSink
  readonly #texts: SeriesTexts

  constructor(format: ExpositionFormat, sink: TextSink, texts: SeriesTexts) {
    this.#format = format
    this.#sink = sink
    this.#texts = texts
  }

  write(family: ShownFamily): void {
    this.#sink.write(familyHeader(family.description, this.#format))
    this.#series(family, this.#format)
  }

  /** A counter whose OpenMetrics name belongs to another family, under its own name and without a type. */
  writeUnknown(family: ShownFamily): void {
    this.#sink.write(unknownHeader(family.description))
    this.#series(family, 'text')
  }

  #series({ description, series }: ShownFamily, format: ExpositionFormat): void {
    for (const one of series) this.#sink.write(this.#texts.of(description, one).render(format, one))
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

function writeOpenMetrics(families: readonly ShownFamily[], writer: FamilyWriter): void {
  const names = new Set(families.map(({ description }) => description.name))
  for (const family of families) {
    if (clashes(family.description, names)) writer.writeUnknown(family)
    else writer.write(family)
  }
}

/** All families as one exposition. Their names must differ. */
export function writeFamilies(
  families: readonly ShownFamily[],
  format: ExpositionFormat,
  sink: TextSink,
  texts: SeriesTexts = ownTexts,
): void {
  const writer = new FamilyWriter(format, sink, texts)
  if (format === 'openmetrics') {
    writeOpenMetrics(families, writer)
    sink.write('# EOF\n')
    return
  }
  if (families.length === 0) sink.write('\n')
  // An empty line between families, as the clients of Node write it.
  for (const [place, family] of families.entries()) {
    if (place > 0) sink.write('\n')
    writer.write(family)
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
  new FamilyWriter(format, sink, ownTexts).write(family)
  return sink.toString()
}
