import type { Command, OptionDescription } from './command.js'

const indented = (rows: readonly (readonly [left: string, right: string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`).join('\n')
}

function optionName(name: string, { short, value }: OptionDescription): string {
  const long = value === undefined ? `--${name}` : `--${name} ${value}`
  return short === undefined ? `    ${long}` : `-${short}, ${long}`
}

const HELP_OPTION: OptionDescription = { type: 'boolean', short: 'h', help: 'this text' }

/** What `threadmeter --help` says. */
export function programHelp(commands: Readonly<Record<string, Command>>): string {
  const list = Object.entries(commands)
  return `See every thread of a Node.js service.

Usage: threadmeter <command> [options]

Commands
${indented(list.map(([name, { operands, summary }]) => [`${name} ${operands}`.trim(), summary]))}

Options
${indented([
  ['-h, --help', 'this text; threadmeter <command> --help tells more'],
  ['-v, --version', 'the version of threadmeter'],
])}

Examples
${indented(list.flatMap(([, { examples }]) => examples.slice(0, 1)))}`
}

/** What `threadmeter <command> --help` says. */
export function commandHelp(name: string, command: Command): string {
  const { summary, operands, examples, notes } = command
  const options = Object.entries({ ...command.options, help: HELP_OPTION })
  return `${summary[0]?.toUpperCase()}${summary.slice(1)}.

Usage: threadmeter ${name} [options]${operands === '' ? '' : ` ${operands}`}

Options
${indented(options.map(([option, description]) => [optionName(option, description), description.help]))}

Examples
${indented(examples)}${notes === undefined ? '' : `\n\n${notes}`}`
}
