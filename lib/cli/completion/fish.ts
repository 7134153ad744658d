import type { Command, OptionDescription } from '../command.js'
import { COMPLETE } from '../commands.js'
import { type Commands, optionsOf } from './options.js'

/** fish reads two characters in single quotes. */
const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`

function valueFlags({ type, choices, completes }: OptionDescription): string {
  if (type === 'boolean') return ''
  if (choices !== undefined) return ` -x -a ${quoted(choices.join(' '))}`
  if (completes === 'directory') return " -x -a '(__fish_complete_directories)'"
  return completes === 'file' ? ' -r -F' : ' -x'
}

function commandLines([name, command]: [string, Command]): string[] {
  const when = `-n '__fish_seen_subcommand_from ${name}'`
  const options = optionsOf(command).map(([option, description]) => {
    const short = description.short === undefined ? '' : ` -s ${description.short}`
    const help = quoted(description.help)
    return `complete -c threadmeter ${when} -l ${option}${short}${valueFlags(description)} -d ${help}`
  })
  const summary = quoted(command.summary)
  return [
    `complete -c threadmeter -n __fish_use_subcommand -a ${name} -d ${summary}`,
    ...options,
    `complete -c threadmeter ${when} -a '(__threadmeter_operands)'`,
  ]
}

/** Completion for fish; what only running processes know is asked for when it is needed. */
export function fishScript(commands: Commands): string {
  return `# Completion of threadmeter for fish: threadmeter completion fish | source
function __threadmeter_operands
    set -l words (commandline -opc)
    $words[1] ${COMPLETE} $words[2..] (commandline -ct) 2>/dev/null
end
complete -c threadmeter -f
complete -c threadmeter -n __fish_use_subcommand -s h -l help -d 'what there is'
complete -c threadmeter -n __fish_use_subcommand -s v -l version -d 'the version'
${Object.entries(commands).flatMap(commandLines).join('\n')}
`
}
