/** The two text formats of Prometheus that are written. */
export type ExpositionFormat = 'text' | 'openmetrics'

/** What each format is called in a `Content-Type` header. */
export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** A number as both formats want it: the shortest digits that give the same number again. */
export function formatNumber(value: number): string {
  if (Number.isFinite(value)) return String(value)
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '+Inf' : '-Inf'
}

// Exponents at which the canonical form of OpenMetrics turns to scientific notation.
const LEAST_PLAIN = 1e-4
const LEAST_SCIENTIFIC = 1e6

/**
 * A bound or a quantile as label value. In OpenMetrics it has one canonical form, that of Go: `1.0`,
 * `0.005`, `1e+06`, `1e-05`. In text 0.0.4 each client has its own; those of Node write `1`.
 */
export function formatBound(value: number, format: ExpositionFormat): string {
  if (format === 'text' || !Number.isFinite(value)) return formatNumber(value)
  const size = Math.abs(value)
  if (size !== 0 && (size < LEAST_PLAIN || size >= LEAST_SCIENTIFIC)) {
    return value.toExponential().replace(/[+-]\d$/, ([sign, digit]) => `${sign}0${digit}`)
  }
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' }
const escapeCharacter = (character: string): string => escapes[character] as string

/** A label's value between its quotes. */
export const escapeLabelValue = (value: string): string =>
  value.replace(/[\\\n"]/g, escapeCharacter)

/** A help text; only OpenMetrics escapes quotes in it. */
export const escapeHelp = (help: string, format: ExpositionFormat): string =>
  help.replace(format === 'openmetrics' ? /[\\\n"]/g : /[\\\n]/g, escapeCharacter)
