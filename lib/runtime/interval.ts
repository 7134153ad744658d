import { outOfRange } from '../errors.js'

const DEFAULT_INTERVAL_MS = 1000
const SHORTEST_MS = 10
const LONGEST_MS = 3_600_000

/**
 * How often a thread tells about itself: ms, as THREADMETER_INTERVAL says.
 *
 * @param complain called when that cannot be used, which is then as if it were not set
 */
export function reportInterval(complain: (error: Error) => void): number {
  const text = process.env.THREADMETER_INTERVAL ?? ''
  if (text === '') return DEFAULT_INTERVAL_MS
  const interval = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (interval >= SHORTEST_MS && interval <= LONGEST_MS) return interval
  const expected = `a whole number of ms from ${SHORTEST_MS} to ${LONGEST_MS}`
  complain(outOfRange('THREADMETER_INTERVAL', expected, text))
  return DEFAULT_INTERVAL_MS
}
