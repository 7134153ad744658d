import type { Command, OptionDescription } from '../command.js'
import { COMPLETE } from '../commands.js'
import { type Commands, optionsOf, quoted, spellingsOf } from './options.js'

// What _arguments and _describe read something into.
const escaped = (text: string): string => text.replace(/[\\[\]:]/g, '\\$&')

function valueSpec({ type, value, choices, completes }: OptionDescription): string {
  if (type === 'boolean') return ''
  const name = escaped(value ?? 'value')
  if (choices !== undefined) return `:${name}:(${choices.join(' ')})`
  if (completes === 'directory') return `:${name}:_files -/`
  return completes === 'file' ? `:${name}:_files` : `:${name}: `
}

function optionSpecs(command: Command): string[] {
  return optionsOf(command).map(([name, option]) => {
    const spellings = spellingsOf(name, option)
    const what = quoted(`[${escaped(option.help)}]${valueSpec(option)}`)
    if (spellings.length === 1) return `${spellings[0]}${what}`
    return `'(${spellings.join(' ')})'{${spellings.join(',')}}${what}`
  })
}

function commandCase([name, command]: [string, Command]): string {
  const specs = [...optionSpecs(command), "'*: :_threadmeter_operands'"]
  return `    ${name})
      _arguments -s \\
        ${specs.join(' \\\n        ')}
      ;;`
}

/** Completion for zsh; what only running processes know is asked for when it is needed. */
export function zshScript(commands: Commands): string {
  const list = Object.entries(commands).map(([name, { summary }]) =>
    quoted(`${name}:${escaped(summary)}`),
  )
  return `#compdef threadmeter
# Completion of threadmeter for zsh: source <(threadmeter completion zsh), behind compinit
_threadmeter_operands() {
  local line
  local -a values
  for line in "\${(@f)$(_call_program operands \${(q)threadmeter_program} ${COMPLETE} \${(q)threadmeter_words} 2>/dev/null)}"; do
    [[ -n $line ]] && values+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe -V operand values
}
_threadmeter() {
  local threadmeter_program=$words[1]
  local -a threadmeter_words commands
  threadmeter_words=("\${(@)words[2,CURRENT]}")
  if (( CURRENT == 2 )); then
    commands=(
      ${list.join('\n      ')}
    )
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${Object.entries(commands).map(commandCase).join('\n')}
  esac
}
if [[ $funcstack[1] == _threadmeter ]]; then
  _threadmeter "$@"
else
  compdef _threadmeter threadmeter
fi
`
}
