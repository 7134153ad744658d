import {
  COMMON_OPTIONS,
  EXIT_NOTES,
  FILE_OPTIONS,
  OPEN_OPTION,
  SECONDS_OPTION,
} from '../capture/options.js'
import type { Command, OptionDescription } from '../command.js'
import { gc } from '../gc/command.js'
import { heapSnapshot } from '../heap-snapshot/command.js'
import { profile } from '../profile/command.js'
import { stack } from '../stack/command.js'

/** What can be asked of a process that has loaded nothing. */
export const ATTACHED = ['stack', 'profile', 'heap-profile', 'heap-snapshot', 'gc'] as const

const optionOf = (command: Command, name: string): OptionDescription =>
  command.options[name] as OptionDescription

/** One whose short name another command uses for something else. */
function withoutShort({ short: _, ...option }: OptionDescription): OptionDescription {
  return option
}

export const attach: Command = {
  summary: 'captures of a process that has not loaded threadmeter, over its debugging port',
  operands: '<pid> [command] [thread]',
  maxOperands: 3,
  operandKinds: [['node'], [{ words: ATTACHED }], [{ words: ['main', 'all'] }]],
  options: {
    full: optionOf(stack, 'full'),
    seconds: SECONDS_OPTION,
    interval: { ...optionOf(profile, 'interval'), help: 'as of profile and heap-profile' },
    format: { ...optionOf(profile, 'format'), help: 'as of profile and heap-profile' },
    open: OPEN_OPTION,
    force: withoutShort(optionOf(heapSnapshot, 'force')),
    list: optionOf(gc, 'list'),
    ...FILE_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    ['threadmeter attach 4711', 'what all threads of the process 4711 do right now'],
    ['threadmeter attach 4711 profile', 'a CPU profile of its main thread, for 10 seconds'],
    ['threadmeter attach 4711 profile all --open', 'a flame graph of all threads, in the browser'],
    ['threadmeter attach 4711 heap-snapshot worker-1', 'all that is on the heap of a worker'],
    ['threadmeter attach 4711 gc --seconds 30', 'its garbage collections in half a minute'],
  ],
  notes: `The command is stack (the default), profile, heap-profile, heap-snapshot or gc, with its options. The
process gets SIGUSR1, at which Node.js opens its debugging port (127.0.0.1:9229 unless --inspect-port says
otherwise), and the port is closed again at the end. One that is open already is used, and stays open.
Until it is closed, anyone on this machine can run code in the process, and process.exit() in it waits for
the end of the capture. The signal can interrupt a synchronous read of its main thread (EINTR). A process
that has loaded threadmeter/register needs none of this.

${EXIT_NOTES}`,
  tellsErrorsInJson: true,
  run: async (input) => (await import('./run.js')).runAttach(input),
}
