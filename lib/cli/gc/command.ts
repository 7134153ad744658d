import { COMMON_OPTIONS, EXIT_NOTES, REPORT_OPTIONS, SECONDS_OPTION } from '../capture/options.js'
import type { Command } from '../command.js'

export const gc: Command = {
  summary: 'the garbage collections of a thread, and how long it stood still',
  operands: '[pid] [thread]',
  maxOperands: 2,
  operandKinds: [['process', 'thread'], ['thread']],
  options: {
    seconds: SECONDS_OPTION,
    list: { type: 'boolean', short: 'l', help: 'each collection, too' },
    ...REPORT_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    ['threadmeter gc 4711', 'the main thread of the process 4711, for 10 seconds'],
    ['threadmeter gc 4711 all --seconds 60', 'all threads that run JavaScript, for a minute'],
    ["threadmeter gc 4711 --json | jq '.collections[].pause'", 'each pause, in ms'],
  ],
  notes: EXIT_NOTES,
  tellsErrorsInJson: true,
  run: async (input) => (await import('./run.js')).runGc(input),
}
