import type { CaptureKind, CaptureRequest } from '../../diagnostics/model.js'
import { checkRequest, type RequestFields } from '../../diagnostics/request.js'
import { type CommandInput, numberOption, type OptionDescription, UsageError } from '../command.js'
import { LOOK_OPTIONS } from '../terminal/look.js'

const LONGEST_SECONDS = 3600
const LEAST_SECONDS = 0.01
const MS = 1000

/** What may be asked of every command that captures something. */
export const COMMON_OPTIONS = {
  wait: {
    type: 'string',
    short: 'w',
    value: 'S',
    help: 'seconds to wait for a thread that is in a native call (default 0)',
  },
  timeout: { type: 'string', short: 't', value: 'S', help: 'give up after so many seconds in all' },
  json: { type: 'boolean', short: 'j', help: 'a line of JSON for each thread, on standard output' },
  ...LOOK_OPTIONS,
} as const satisfies Record<string, OptionDescription>

const OVERWRITE_OPTION = {
  type: 'boolean',
  help: 'replace a file that is there already',
} as const satisfies OptionDescription

/** Where what is captured goes, for captures that go to files unless told otherwise. */
export const FILE_OPTIONS = {
  output: {
    type: 'string',
    short: 'o',
    value: 'PATH',
    completes: 'file',
    help: 'file or directory to write to, - for standard output',
  },
  overwrite: OVERWRITE_OPTION,
} as const satisfies Record<string, OptionDescription>

/** Where it goes, for captures that are text to be read at once. */
export const REPORT_OPTIONS = {
  output: {
    type: 'string',
    short: 'o',
    value: 'FILE',
    completes: 'file',
    help: 'file to write to (default - for standard output)',
  },
  overwrite: OVERWRITE_OPTION,
} as const satisfies Record<string, OptionDescription>

export const OPEN_OPTION = {
  type: 'boolean',
  help: 'write a flame graph as HTML, and show it in the browser',
} as const satisfies OptionDescription

export const SECONDS_OPTION = {
  type: 'string',
  short: 's',
  value: 'S',
  help: 'how long to look (default 10)',
} as const satisfies OptionDescription

/** Exit codes, for the notes of a command. */
export const EXIT_NOTES = `Exit codes: 0 done, also when Ctrl-C ended it early; 1 failed; 2 misused; 3 the thread is in a native
call that no request can reach; 4 done in part: a thread ended in the middle, or some of several failed.`

export const secondsOf = (input: CommandInput): number =>
  numberOption(input, 'seconds', 10, { least: LEAST_SECONDS, most: LONGEST_SECONDS })

/** ms */
export const waitOf = (input: CommandInput): number =>
  numberOption(input, 'wait', 0, { least: 0, most: LONGEST_SECONDS }) * MS

/** s; undefined for no limit. */
export function timeoutOf(input: CommandInput): number | undefined {
  const seconds = numberOption(input, 'timeout', 0, { least: 0.1, most: 24 * LONGEST_SECONDS })
  return seconds === 0 ? undefined : seconds
}

/** The request that the options describe. */
export function requestOf(
  input: CommandInput,
  kind: CaptureKind,
  thread: CaptureRequest['thread'],
  fields: RequestFields = {},
): CaptureRequest {
  try {
    return checkRequest({ ...fields, kind, thread, wait: waitOf(input) })
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error })
  }
}
