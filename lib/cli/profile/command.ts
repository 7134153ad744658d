import { PROFILE_FORMATS } from '../../diagnostics/formats/formats.js'
import {
  COMMON_OPTIONS,
  EXIT_NOTES,
  FILE_OPTIONS,
  OPEN_OPTION,
  SECONDS_OPTION,
} from '../capture/options.js'
import type { Command } from '../command.js'

export const profile: Command = {
  summary: 'a CPU profile of a thread: which functions its time goes to',
  operands: '[pid] [thread]',
  maxOperands: 2,
  operandKinds: [['process', 'thread'], ['thread']],
  options: {
    seconds: SECONDS_OPTION,
    interval: {
      type: 'string',
      short: 'i',
      value: 'US',
      help: 'µs between samples, 50 to 1000000 (default 1000)',
    },
    format: {
      type: 'string',
      short: 'F',
      value: 'FORMAT',
      choices: PROFILE_FORMATS,
      help: `${PROFILE_FORMATS.join(', ')} (default cpuprofile)`,
    },
    native: {
      type: 'boolean',
      short: 'n',
      help: 'all threads by perf, with C++ and the kernel (html unless told)',
    },
    open: OPEN_OPTION,
    ...FILE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    ['threadmeter profile 4711', 'the main thread of the process 4711, for 10 seconds'],
    ['threadmeter profile 4711 worker-1 --seconds 30', 'a worker, for half a minute'],
    ['threadmeter profile 4711 all --open', 'a flame graph of all threads, in the browser'],
    ['threadmeter profile 4711 -F folded -o - | sort -nk2', 'stacks as text'],
    ['threadmeter profile 4711 --wait 60', 'as soon as a native call has returned'],
    ['threadmeter profile 4711 --native --open', 'where processors are, in C++ and the kernel too'],
  ],
  notes: `A thread is named by its threadId, its tid, its name, main (the default) or all: then a file is written
for each thread; html and folded put all of them into one. Files are called
threadmeter-<program>-<thread>-<time> unless --output names them. Ctrl-C ends the profile early and keeps
what there is. --native needs perf(1), and asks nothing of the process: it need not have loaded threadmeter.
JavaScript functions have names there if it was started with --perf-basic-prof.

${EXIT_NOTES}`,
  tellsErrorsInJson: true,
  run: async (input) => (await import('./run.js')).runProfile(input),
}
