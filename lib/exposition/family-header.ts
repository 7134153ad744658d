import type { FamilyDescription } from '../meter/model.js'
import { type ExpositionFormat, escapeHelp } from './format.js'

const TOTAL = '_total'

// The base units in which Prometheus' naming rules let a name end.
const UNIT = /_(seconds|bytes|ratio|meters|grams|joules|volts|amperes|celsius)$/

/** A counter's name without the suffix that its samples carry in OpenMetrics. */
const withoutTotal = (name: string): string =>
  name.endsWith(TOTAL) ? name.slice(0, -TOTAL.length) : name

/** The name of a family in its HELP and TYPE lines. */
export const familyName = ({ name, type }: FamilyDescription, format: ExpositionFormat): string =>
  format === 'openmetrics' && type === 'counter' ? withoutTotal(name) : name

/** The name that a counter's or gauge's sample carries. OpenMetrics has no counter without `_total`. */
export const sampleName = ({ name, type }: FamilyDescription, format: ExpositionFormat): string =>
  format === 'openmetrics' && type === 'counter' ? withoutTotal(name) + TOTAL : name

function header(
  name: string,
  { help }: FamilyDescription,
  type: string,
  format: ExpositionFormat,
): string {
  const unit = format === 'openmetrics' ? UNIT.exec(name)?.[1] : undefined
  return (
    `# HELP ${name} ${escapeHelp(help, format)}\n# TYPE ${name} ${type}\n` +
    (unit === undefined ? '' : `# UNIT ${name} ${unit}\n`)
  )
}

/** The lines that open a family. */
export const familyHeader = (family: FamilyDescription, format: ExpositionFormat): string =>
  header(familyName(family, format), family, family.type, format)

/** The same in OpenMetrics for one of which nothing is said but its name. */
export const unknownHeader = (family: FamilyDescription): string =>
  header(family.name, family, 'unknown', 'openmetrics')
