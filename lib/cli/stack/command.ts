import { COMMON_OPTIONS, EXIT_NOTES, REPORT_OPTIONS } from '../capture/options.js'
import type { Command } from '../command.js'

export const stack: Command = {
  summary: 'what a thread does right now, also while it is blocked',
  operands: '[pid] [thread]',
  maxOperands: 2,
  operandKinds: [['process', 'thread'], ['thread']],
  options: {
    full: { type: 'boolean', short: 'f', help: 'all calls of a recursion' },
    ...REPORT_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    ['threadmeter stack 4711', 'all threads of the process 4711'],
    ['threadmeter stack 4711 main', 'its main thread'],
    ['threadmeter stack', 'the only process that can be asked'],
    ['threadmeter stack server.js worker-1', 'by the names of program and thread'],
    ["threadmeter stack 4711 --json | jq '.frames[0]'", 'where each thread is'],
  ],
  notes: `A thread is named by its threadId, its tid, its name, main or all (the default). Of one that is in a
native call, such as execSync or pbkdf2Sync, the kernel's view is shown: no request can reach it.

${EXIT_NOTES}`,
  tellsErrorsInJson: true,
  run: async (input) => (await import('./run.js')).runStack(input),
}
