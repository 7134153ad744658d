import { CONTENT_TYPES } from '../exposition/index.js'
import type { Wanted } from './negotiation.js'

/** What the observer's server shows. No method may throw or wait. */
export interface Shown {
  /** The exposition, as it is or compressed. */
  metrics(wanted: Wanted): Buffer
  /** JSON of all threads. */
  threads(): string
}

/** An answer to a GET request. */
export interface Page {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | string
}

/** The headers that say what a body is that was made as `wanted`. */
export const metricsHeaders = ({ format, gzip }: Wanted): Record<string, string> => ({
  'content-type': CONTENT_TYPES[format],
  vary: 'accept, accept-encoding',
  ...(gzip ? { 'content-encoding': 'gzip' } : {}),
})

const INDEX = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>threadmeter</title>
<h1>threadmeter</h1>
<ul>
<li><a href="/metrics">/metrics</a>: Prometheus text or OpenMetrics
<li><a href="/threads">/threads</a>: all threads as JSON
<li><a href="/healthz">/healthz</a>: whether the observer works
</ul>
`

const indexPage: Page = { headers: { 'content-type': 'text/html; charset=utf-8' }, body: INDEX }
const healthPage: Page = { headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'ok\n' }

/** The page at a path, or undefined when there is none. */
export function pageAt(path: string, shown: Shown, wanted: () => Wanted): Page | undefined {
  switch (path) {
    case '/metrics': {
      const chosen = wanted()
      return { headers: metricsHeaders(chosen), body: shown.metrics(chosen) }
    }
    case '/threads':
      return {
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: shown.threads(),
      }
    case '/healthz':
      return healthPage
    case '/':
      return indexPage
    default:
      return undefined
  }
}
