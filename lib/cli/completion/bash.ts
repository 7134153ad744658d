import type { Command, OptionDescription } from '../command.js'
import { COMPLETE } from '../commands.js'
import { type Commands, optionsOf, spellingsOf } from './options.js'

/** What follows an option that takes a value. */
function valueAction({ choices, completes }: OptionDescription): string {
  if (choices !== undefined) return `COMPREPLY=($(compgen -W "${choices.join(' ')}" -- "$cur"))`
  if (completes === 'directory') return 'COMPREPLY=($(compgen -d -- "$cur"))'
  if (completes === 'file') return 'COMPREPLY=($(compgen -f -- "$cur"))'
  return ':'
}

function valueCases([name, command]: [string, Command]): string[] {
  return optionsOf(command)
    .filter(([, option]) => option.type === 'string')
    .map(([option, description]) => {
      const patterns = spellingsOf(option, description).map((each) => `"${name} ${each}"`)
      return `    ${patterns.join('|')}) ${valueAction(description)}; return ;;`
    })
}

function optionCase([name, command]: [string, Command]): string {
  const words = optionsOf(command).map(([option]) => `--${option}`)
  return `      ${name}) COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$cur")) ;;`
}

/** Completion for bash; what only running processes know is asked for when it is needed. */
export function bashScript(commands: Commands): string {
  const all = Object.entries(commands)
  return `# Completion of threadmeter for bash: source <(threadmeter completion bash)
_threadmeter() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} line
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    COMPREPLY=($(compgen -W "${Object.keys(commands).join(' ')} --help --version" -- "$cur"))
    return
  fi
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  case "$command $prev" in
${all.flatMap(valueCases).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case $command in
${all.map(optionCase).join('\n')}
    esac
    return
  fi
  while IFS=$'\\t' read -r line _; do
    [[ $line == "$cur"* ]] && COMPREPLY+=("$(printf %q "$line")")
  done < <("\${COMP_WORDS[0]}" ${COMPLETE} "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o nosort -F _threadmeter threadmeter
`
}
