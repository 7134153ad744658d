import { HEAP_PROFILE_FORMATS } from '../../diagnostics/formats/formats.js'
import {
  COMMON_OPTIONS,
  EXIT_NOTES,
  FILE_OPTIONS,
  OPEN_OPTION,
  SECONDS_OPTION,
} from '../capture/options.js'
import type { Command } from '../command.js'

export const heapProfile: Command = {
  summary: 'a heap profile of a thread: which functions allocate what stays',
  operands: '[pid] [thread]',
  maxOperands: 2,
  operandKinds: [['process', 'thread'], ['thread']],
  options: {
    seconds: SECONDS_OPTION,
    interval: {
      type: 'string',
      short: 'i',
      value: 'BYTES',
      help: 'mean bytes between samples, 64 to 1073741824 (default 524288)',
    },
    format: {
      type: 'string',
      short: 'F',
      value: 'FORMAT',
      choices: HEAP_PROFILE_FORMATS,
      help: `${HEAP_PROFILE_FORMATS.join(', ')} (default heapprofile)`,
    },
    open: OPEN_OPTION,
    ...FILE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    ['threadmeter heap-profile 4711', 'what the main thread allocates in 10 seconds, and keeps'],
    ['threadmeter heap-profile 4711 worker-1 --seconds 60', 'a worker, for a minute'],
    ['threadmeter heap-profile 4711 --interval 4096', 'small allocations as well'],
    ['threadmeter heap-profile 4711 --open', 'a flame graph of bytes, in the browser'],
  ],
  notes: `What was allocated in that time and is still there at its end, by the function that allocated it: cheap,
also in production. All that is there, and who holds it, is in threadmeter heap-snapshot.

${EXIT_NOTES}`,
  tellsErrorsInJson: true,
  run: async (input) => (await import('./run.js')).runHeapProfile(input),
}
