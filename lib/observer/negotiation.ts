import type { ExpositionFormat } from '../exposition/index.js'

/** One entry of an `Accept` or `Accept-Encoding` header: `text/plain;version=0.0.4;q=0.5`. */
interface Preference {
  readonly name: string
  readonly parameters: ReadonlyMap<string, string>
  readonly quality: number
}

/** What a client wants to be given. */
export interface Wanted {
  readonly format: ExpositionFormat
  readonly gzip: boolean
}

/** What everybody understands. */
export const TEXT: Wanted = { format: 'text', gzip: false }

// More is no honest client's wish.
const MAX_ENTRIES = 50

const unquoted = (value: string): string => value.replace(/^"(.*)"$/, '$1')

function preferenceOf(entry: string): Preference {
  const [name = '', ...rest] = entry.split(';').map((part) => part.trim())
  const parameters = new Map(
    rest.map((part): [string, string] => {
      const [key = '', value = ''] = part.split('=', 2).map((side) => side.trim())
      return [key.toLowerCase(), unquoted(value)]
    }),
  )
  const quality = Number(parameters.get('q') ?? 1)
  return { name: name.toLowerCase(), parameters, quality: quality >= 0 ? Math.min(quality, 1) : 0 }
}

const preferencesOf = (header: string): Preference[] =>
  header.split(',', MAX_ENTRIES).map(preferenceOf)

const OPENMETRICS = 'application/openmetrics-text'
// What is written is valid in all of these: 1.0.0 differs from 0.0.1 in what may be left out.
const OPENMETRICS_VERSIONS = new Set([undefined, '', '1.0.0', '0.0.1'])
const TEXT_VERSIONS = new Set([undefined, '', '0.0.4'])
const TEXT_NAMES = ['text/plain', 'text/*', '*/*']

/** The quality of the best entry; of entries that match, a more exact one counts alone (RFC 9110 12.5.1). */
function qualityOf(preferences: readonly Preference[], names: readonly string[]): number {
  for (const name of names) {
    const matching = preferences.filter((preference) => preference.name === name)
    if (matching.length > 0) return Math.max(...matching.map(({ quality }) => quality))
  }
  return 0
}

const ofVersion = (
  preferences: readonly Preference[],
  name: string,
  versions: ReadonlySet<string | undefined>,
): Preference[] =>
  preferences.filter((one) => one.name !== name || versions.has(one.parameters.get('version')))

/** OpenMetrics where it is asked for by its name, and not wanted less than plain text. */
function formatOf(accept: string | undefined): ExpositionFormat {
  if (accept === undefined) return 'text'
  const preferences = preferencesOf(accept)
  const openmetrics = qualityOf(ofVersion(preferences, OPENMETRICS, OPENMETRICS_VERSIONS), [
    OPENMETRICS,
  ])
  const text = qualityOf(ofVersion(preferences, 'text/plain', TEXT_VERSIONS), TEXT_NAMES)
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'text'
}

function acceptsGzip(acceptEncoding: string | undefined): boolean {
  if (acceptEncoding === undefined) return false
  const preferences = preferencesOf(acceptEncoding)
  const gzip = qualityOf(preferences, ['gzip', 'x-gzip', '*'])
  return gzip > 0 && gzip >= qualityOf(preferences, ['identity'])
}

/** What to give a client that sent these headers. Never refuses: a client that wants neither gets text. */
export const wantedBy = (
  accept: string | undefined,
  acceptEncoding: string | undefined,
  openMetrics: boolean,
): Wanted => ({
  format: openMetrics ? formatOf(accept) : 'text',
  gzip: acceptsGzip(acceptEncoding),
})
