import { invalidArgType, outOfRange } from '../../errors.js'
import type { ThreadTarget } from '../model.js'
import { checkRequest } from '../request.js'
import { type CaptureSpec, CONDITIONS, type ConditionName, type TriggerSpec } from './model.js'

/** A range of numbers: `[least, most]`, both of them allowed. */
type Range = readonly [least: number, most: number]

const SECONDS: Range = [0.1, 3600]
const MIB = 1_048_576
const DEFAULT_FOR = 10
const DEFAULT_BYTES = 100e6

/** What conditions can be told. */
export const CONDITION_KEYS: readonly string[] = [...CONDITIONS, 'for', 'thread']

/** What captures can be told in words: `onCapture` is a function. */
export const CAPTURE_KEYS: readonly string[] = [
  'profileSeconds',
  'heapSnapshot',
  'directory',
  'files',
  'bytes',
  'every',
]

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(name: string, value: unknown, known: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidArgType(name, 'an object', value)
  }
  for (const key of Object.keys(value)) {
    // A mistyped limit that is not seen would be no limit.
    if (!known.includes(key)) throw outOfRange(name, `an object with ${known.join(', ')}`, key)
  }
  return value as Fields
}

function numberIn(name: string, value: unknown, fallback: number, [least, most]: Range): number {
  if (value === undefined) return fallback
  if (typeof value !== 'number') throw invalidArgType(name, 'a number', value)
  if (value >= least && value <= most) return value
  throw outOfRange(name, `a number from ${least} to ${most}`, value)
}

function wholeNumberIn(name: string, value: unknown, fallback: number, range: Range): number {
  const number = numberIn(name, value, fallback, range)
  if (Number.isInteger(number)) return number
  throw outOfRange(name, `a whole number from ${range[0]} to ${range[1]}`, value)
}

function conditionOf(fields: Fields): ConditionName {
  const given = CONDITIONS.filter((name) => fields[name] !== undefined)
  if (given.length === 1) return given[0] as ConditionName
  throw outOfRange('conditions', `an object with one of ${CONDITIONS.join(', ')}`, fields)
}

function thresholdOf(condition: ConditionName, value: unknown): number {
  if (typeof value !== 'number') throw invalidArgType(condition, 'a number', value)
  if (condition === 'blockedFor') return numberIn(condition, value, 0, SECONDS)
  if (value > 0 && value < 1) return value
  const inBytes = condition === 'heapAbove'
  if (inBytes && value >= MIB && Number.isFinite(value)) return value
  const or = inBytes ? `, or bytes from ${MIB}` : ''
  throw outOfRange(condition, `a number above 0 and below 1${or}`, value)
}

function secondsOf(condition: ConditionName, threshold: number, value: unknown): number {
  if (condition !== 'blockedFor') return numberIn('for', value, DEFAULT_FOR, SECONDS)
  if (value === undefined || value === threshold) return threshold
  throw outOfRange('for', 'left out beside blockedFor, which says for how long', value)
}

function threadOf(value: unknown): ThreadTarget | 'all' {
  return value === undefined ? 'all' : checkRequest({ kind: 'stack', thread: value }).thread
}

function directoryOf(value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'string') throw invalidArgType('directory', 'a path', value)
  if (value.startsWith('/') && !value.includes('\0')) return value
  throw outOfRange('directory', 'an absolute path', value)
}

function booleanOf(name: string, value: unknown): boolean {
  if (value === undefined) return false
  if (typeof value !== 'boolean') throw invalidArgType(name, 'a boolean', value)
  return value
}

function captureOf(fields: Fields): CaptureSpec {
  const { onCapture } = fields
  if (onCapture !== undefined && typeof onCapture !== 'function') {
    throw invalidArgType('onCapture', 'a function', onCapture)
  }
  return {
    profileSeconds: numberIn('profileSeconds', fields.profileSeconds, 5, [0, 300]),
    heapSnapshot: booleanOf('heapSnapshot', fields.heapSnapshot),
    directory: directoryOf(fields.directory),
    files: wholeNumberIn('files', fields.files, 20, [1, 10_000]),
    bytes: wholeNumberIn('bytes', fields.bytes, DEFAULT_BYTES, [1024, 2 ** 40]),
    every: numberIn('every', fields.every, 60, [1, 86_400]),
  }
}

/**
 * A trigger with its defaults. Throws a TypeError or RangeError that names the first value that cannot be
 * used.
 */
export function checkTrigger(conditions: unknown, capture: unknown): TriggerSpec {
  const fields = fieldsOf('conditions', conditions, CONDITION_KEYS)
  const condition = conditionOf(fields)
  const threshold = thresholdOf(condition, fields[condition])
  return {
    condition,
    threshold,
    for: secondsOf(condition, threshold, fields.for),
    thread: threadOf(fields.thread),
    capture: captureOf(
      capture === undefined ? {} : fieldsOf('capture', capture, [...CAPTURE_KEYS, 'onCapture']),
    ),
  }
}

/** The conditions that {@link checkTrigger} makes this trigger of. */
export function conditionsOf({ condition, threshold, for: seconds, thread }: TriggerSpec): object {
  return {
    [condition]: threshold,
    ...(condition === 'blockedFor' ? {} : { for: seconds }),
    ...(thread === 'all' ? {} : { thread }),
  }
}
