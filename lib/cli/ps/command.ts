import type { Command } from '../command.js'
import { LOOK_OPTIONS } from '../terminal/look.js'

export const ps: Command = {
  summary: 'what runs: services, processes, threads, and who can be asked',
  operands: '[pid|dir]',
  maxOperands: 1,
  operandKinds: [['process', 'directory']],
  options: {
    all: {
      type: 'boolean',
      short: 'a',
      help: 'all threads one by one, and Node.js processes without threadmeter',
    },
    interval: {
      type: 'string',
      short: 'i',
      value: 'S',
      help: 'seconds over which to look at CPU (default 0.3)',
    },
    json: { type: 'boolean', short: 'j', help: 'one JSON document' },
    ...LOOK_OPTIONS,
  },
  examples: [
    ['threadmeter ps', 'everything of yours that runs'],
    ['threadmeter ps 4711', 'one process'],
    ['threadmeter ps --all', 'every thread, and who could be attached to'],
    ["threadmeter ps --json | jq '.services[].processes[].pid'", 'all pids'],
  ],
  notes: `A process that is ready answers to threadmeter stack, profile, heap-profile, heap-snapshot and gc.
Exit codes: 0; 1 where nothing runs, with what to do about it; 2 misused.`,
  run: async (input) => (await import('./run.js')).runPs(input),
}
