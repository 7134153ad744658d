import type { FamilyDescription } from '../meter/model.js'
import { type ExpositionFormat, formatNumber } from './format.js'
import { type LabelPairs, linePrefixes } from './series-lines.js'

/** The line of a sample that belongs to no series. */
export function sampleText(
  family: FamilyDescription,
  format: ExpositionFormat,
  series: { readonly labels: LabelPairs; readonly defaults: LabelPairs },
  value: number,
): string {
  return `${linePrefixes(family, series, format)[0]}${formatNumber(value)}\n`
}
