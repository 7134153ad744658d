import { outOfRange } from '../../errors.js'
import { CAPTURE_KEYS, CONDITION_KEYS, checkTrigger, conditionsOf } from './check.js'
import type { TriggerSpec } from './model.js'

const KNOWN = [...CONDITION_KEYS, ...CAPTURE_KEYS]

const SWITCHES: ReadonlyMap<string, boolean> = new Map([
  ['on', true],
  ['true', true],
  ['1', true],
  ['off', false],
  ['false', false],
  ['0', false],
])

// As JavaScript writes them, and as people do.
const NUMBER = /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

function readValue(key: string, text: string): unknown {
  if (key === 'directory') return text
  // As in all requests: digits alone are a threadId, whatever threads are called.
  if (key === 'thread') return /^\d+$/.test(text) ? Number(text) : text
  if (key === 'heapSnapshot') return SWITCHES.get(text) ?? text
  return NUMBER.test(text) ? Number(text) : text
}

/**
 * A trigger of names and values as they stand in a query or in the environment. Throws a TypeError or
 * RangeError that names the first that cannot be used.
 *
 * @param where what they stand in, for those errors
 */
export function triggerFromText(
  where: string,
  entries: Iterable<readonly [string, string]>,
): TriggerSpec {
  const conditions: Record<string, unknown> = {}
  const capture: Record<string, unknown> = {}
  for (const [key, text] of entries) {
    const fields = CONDITION_KEYS.includes(key) ? conditions : capture
    if (!KNOWN.includes(key)) throw outOfRange(where, `made of ${KNOWN.join(', ')}`, key)
    if (Object.hasOwn(fields, key)) throw outOfRange(where, `given one ${key}`, text)
    fields[key] = readValue(key, text)
  }
  return checkTrigger(conditions, capture)
}

/** A trigger as {@link triggerFromText} reads it. */
export function textOfTrigger(spec: TriggerSpec): [string, string][] {
  const fields = { ...conditionsOf(spec), ...spec.capture }
  return Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => [key, String(value)])
}
