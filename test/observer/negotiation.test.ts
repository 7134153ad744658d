import { describe, expect, it } from 'vitest'
import { wantedBy } from '../../dist/observer/negotiation.js'

const OPENMETRICS = 'application/openmetrics-text'

const formatFor = (accept: string | undefined): string => wantedBy(accept, undefined, true).format
const gzipFor = (encoding: string | undefined): boolean => wantedBy(undefined, encoding, true).gzip

describe('the format', () => {
  it.each([
    // What Prometheus 2 and 3 send.
    `${OPENMETRICS};version=1.0.0,${OPENMETRICS};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
    `${OPENMETRICS};version=1.0.0;escaping=allow-utf-8;q=0.6,${OPENMETRICS};version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
    `application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,${OPENMETRICS};version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3`,
    OPENMETRICS,
    ` Application/OpenMetrics-Text ; Version="1.0.0" ; Q=0.5 , text/plain;q=0.5`,
  ])('is OpenMetrics for %s', (accept) => {
    expect(formatFor(accept)).toBe('openmetrics')
  })

  it.each([
    undefined,
    '',
    '*/*',
    'text/html,application/xhtml+xml,*/*;q=0.8',
    'application/*',
    'application/json',
    `text/plain;version=0.0.4,${OPENMETRICS};q=0.5`,
    `${OPENMETRICS};q=0`,
    `${OPENMETRICS};q=nonsense`,
    `${OPENMETRICS};version=2.0.0`,
    `${OPENMETRICS};version=2.0.0,text/plain;q=0.1`,
  ])('is text for %s', (accept) => {
    expect(formatFor(accept)).toBe('text')
  })

  it('is text for everybody where OpenMetrics is not offered', () => {
    expect(wantedBy(OPENMETRICS, undefined, false).format).toBe('text')
  })
})

describe('compression', () => {
  it.each([
    'gzip',
    'gzip, deflate, br',
    'br;q=1.0, gzip;q=0.8, *;q=0.1',
    '*',
    'GZIP',
    'identity;q=0.5, gzip',
  ])('is used for %s', (encoding) => {
    expect(gzipFor(encoding)).toBe(true)
  })

  it.each([
    undefined,
    '',
    'identity',
    'br',
    'gzip;q=0',
    '*;q=0',
    'gzip;q=0.2, identity',
    'gzip;q=0, *',
  ])('is not used for %s', (encoding) => {
    expect(gzipFor(encoding)).toBe(false)
  })
})
