import type { Command } from '../command.js'
import { LOOK_OPTIONS } from '../terminal/look.js'
import { SORTS } from './sort.js'

export const top: Command = {
  summary: 'the threads of a service or of any process, live',
  operands: '[pid|dir]',
  maxOperands: 1,
  operandKinds: [['process', 'directory']],
  options: {
    sort: {
      type: 'string',
      short: 's',
      value: 'BY',
      choices: SORTS,
      help: `${SORTS.join(', ')} (default cpu)`,
    },
    interval: { type: 'string', short: 'i', value: 'S', help: 'seconds between looks (default 1)' },
    once: { type: 'boolean', help: 'look twice, an interval apart, print it and end' },
    json: { type: 'boolean', help: 'a line of JSON for each look' },
    ...LOOK_OPTIONS,
  },
  examples: [
    ['threadmeter top', 'the service that runs'],
    ['threadmeter top 4711', 'the process 4711, whether it has loaded threadmeter or not'],
    ['threadmeter top /dev/shm/my-service', 'all processes of a runtime directory'],
    ['threadmeter top --once --sort delay 4711', 'print one table, most starved threads first'],
    ['threadmeter top --json --interval 10 4711 >> threads.jsonl', 'record'],
  ],
  notes: `Keys
  c d e n p   sort by CPU, run delay, event loop utilization, name, pid; r reverses
  space       hold the picture, and go on
  arrows, j k, PgUp, PgDn, Home, End   scroll
  h           help
  q           quit

Without a terminal the tables follow each other as text.

What a busy or blocked thread does: threadmeter stack <pid> <tid> shows its stack, threadmeter profile
<pid> <tid> where its time goes.`,
  run: async (input) => (await import('./run.js')).runTop(input),
}
