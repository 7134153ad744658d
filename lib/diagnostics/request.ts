import { invalidArgType, outOfRange } from '../errors.js'
import { CAPTURE_KINDS, type CaptureKind, type CaptureRequest } from './model.js'

const LONGEST_SECONDS = 3600
const LONGEST_WAIT_MS = 3_600_000

const DEFAULT_SECONDS = 10
const DEFAULT_INTERVALS: Partial<Record<CaptureKind, number>> = {
  'cpu-profile': 1000,
  'heap-profile': 524_288,
}

const INTERVAL_RANGES: Partial<Record<CaptureKind, readonly [least: number, most: number]>> = {
  'cpu-profile': [50, 1_000_000],
  'heap-profile': [64, 1_073_741_824],
}

function numberWithin(
  name: string,
  value: unknown,
  fallback: number,
  [least, most]: readonly [number, number],
): number {
  if (value === undefined) return fallback
  if (typeof value !== 'number') throw invalidArgType(name, 'a number', value)
  if (value >= least && value <= most) return value
  throw outOfRange(name, `a number from ${least} to ${most}`, value)
}

function checkThread(value: unknown): CaptureRequest['thread'] {
  if (typeof value === 'number') {
    if (Number.isInteger(value) && value >= 0) return value
    throw outOfRange('thread', 'a threadId, a name, main or all', value)
  }
  if (typeof value !== 'string') {
    throw invalidArgType('thread', 'a threadId, a name, main or all', value)
  }
  if (value === '') throw outOfRange('thread', 'a threadId, a name, main or all', value)
  return value
}

function checkBoolean(name: string, value: unknown): boolean {
  if (value === undefined) return false
  if (typeof value !== 'boolean') throw invalidArgType(name, 'a boolean', value)
  return value
}

function checkDirectory(value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'string') throw invalidArgType('directory', 'a path', value)
  if (!value.startsWith('/') || value.includes('\0'))
    throw outOfRange('directory', 'an absolute path', value)
  return value
}

/** What a user asks for; what is not said has its default. */
export type RequestFields = { readonly [Name in keyof CaptureRequest]?: unknown }

/**
 * A request with its defaults. Throws a TypeError or RangeError that names the first value that cannot
 * be used.
 */
export function checkRequest(fields: RequestFields): CaptureRequest {
  const kind = fields.kind as CaptureKind
  if (!CAPTURE_KINDS.includes(kind)) {
    throw outOfRange('kind', `one of ${CAPTURE_KINDS.join(', ')}`, fields.kind)
  }
  return {
    kind,
    thread: checkThread(fields.thread),
    seconds: numberWithin('seconds', fields.seconds, DEFAULT_SECONDS, [0.01, LONGEST_SECONDS]),
    interval: numberWithin(
      'interval',
      fields.interval,
      DEFAULT_INTERVALS[kind] ?? 0,
      INTERVAL_RANGES[kind] ?? [0, 0],
    ),
    wait: numberWithin('wait', fields.wait, 0, [0, LONGEST_WAIT_MS]),
    force: checkBoolean('force', fields.force),
    directory: checkDirectory(fields.directory),
  }
}
