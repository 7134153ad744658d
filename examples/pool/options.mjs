// The command line.
import { parseArgs } from 'node:util'
import { phaseNames } from './phases.mjs'

export const HELP = `Watch the threads of a worker pool at work.

  npm start                          30 seconds, from a quiet pool to a starved one
  npm start -- --seconds 0           until q or Ctrl-C
  npm start -- --port 9400           /metrics on a port of your choice

Options
  --seconds N    stop after N seconds (default 30; 0: run until stopped)
  --port N       port on 127.0.0.1 (default 0: any free one)
  --phase NAME   stay in one phase of the story: ${phaseNames.join(', ')}
  --plain        lines instead of a screen, as without a terminal
  --help         this text

NO_COLOR switches the colours off; TERM=dumb means --plain.
On a machine with many processors it takes many threads to starve them: taskset -c 0-3 npm start`

/** A command line that cannot be understood. */
export class UsageError extends Error {}

function numberOption(name, value, { least, most, integer }) {
  const number = Number(value)
  const valid = value.trim() !== '' && number >= least && number <= most
  if (!valid || (integer && !Number.isInteger(number))) {
    throw new UsageError(`--${name} takes a number from ${least} to ${most}, not '${value}'`)
  }
  return number
}

/**
 * The options of a command line.
 *
 * @throws {UsageError} with a message for the user
 */
export function parseOptions(args) {
  const { values } = parse(args)
  if (values.phase !== undefined && !phaseNames.includes(values.phase)) {
    throw new UsageError(`--phase is one of ${phaseNames.join(', ')}, not '${values.phase}'`)
  }
  return {
    help: values.help,
    plain: values.plain,
    phase: values.phase,
    seconds: numberOption('seconds', values.seconds, { least: 0, most: 86_400, integer: false }),
    port: numberOption('port', values.port, { least: 0, most: 65_535, integer: true }),
  }
}

function parse(args) {
  try {
    return parseArgs({
      args,
      options: {
        seconds: { type: 'string', default: '30' },
        port: { type: 'string', default: '0' },
        phase: { type: 'string' },
        plain: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    throw new UsageError(error.message.split('. ')[0], { cause: error })
  }
}
