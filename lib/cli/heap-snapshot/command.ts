import { COMMON_OPTIONS, EXIT_NOTES, FILE_OPTIONS } from '../capture/options.js'
import type { Command } from '../command.js'

export const heapSnapshot: Command = {
  summary: 'a heap snapshot of a thread: all that is there, and who holds it',
  operands: '[pid] [thread]',
  maxOperands: 2,
  operandKinds: [['process', 'thread'], ['thread']],
  options: {
    force: {
      type: 'boolean',
      short: 'f',
      help: 'take it where there seems to be too little memory, too',
    },
    ...FILE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    ['threadmeter heap-snapshot 4711', 'the main thread of the process 4711'],
    ['threadmeter heap-snapshot 4711 worker-1 -o before.heapsnapshot', 'a worker, to that file'],
    ['threadmeter heap-snapshot 4711 -o - | gzip > main.heapsnapshot.gz', 'compressed'],
  ],
  notes: `The thread stands still meanwhile: a second for each 20 MB of the file or so, many small objects take
longer. It takes several times the memory of the heap: where there is not that much, it is refused.
Open the file in Chrome's DevTools, under Memory. It holds all strings of the program, passwords too.

${EXIT_NOTES}`,
  tellsErrorsInJson: true,
  run: async (input) => (await import('./run.js')).runHeapSnapshot(input),
}
