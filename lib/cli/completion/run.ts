import { type CommandInput, UsageError } from '../command.js'
import { COMMANDS } from '../commands.js'
import { bashScript } from './bash.js'
import { SHELLS, type Shell } from './command.js'
import { fishScript } from './fish.js'
import { zshScript } from './zsh.js'

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const

/** Resolves with the exit code. */
export async function runCompletion({ operands: [shell] }: CommandInput): Promise<number> {
  if (!SHELLS.includes(shell as Shell)) {
    const got = shell === undefined ? '' : `, not '${shell}'`
    throw new UsageError(`The shell is one of ${SHELLS.join(', ')}${got}`)
  }
  process.stdout.write(SCRIPTS[shell as Shell](COMMANDS))
  return 0
}
