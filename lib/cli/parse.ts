import { parseArgs } from 'node:util'
import { type Command, type CommandInput, UsageError } from './command.js'

const NEGATIVE = /^-\.?\d/

/** Its first sentence says what is wrong; the rest advises on how to write operands. */
const reasonOf = (error: unknown): string => (error as Error).message.split(/\.\s/)[0] as string

const optionsOf = ({ options }: Command) =>
  ({ ...options, help: { type: 'boolean', short: 'h' } }) as const

/** The name of an option that takes a value, if that is all that an argument is. */
function valuedOption({ options }: Command, argument: string): string | undefined {
  const found = Object.entries(options).find(
    ([name, { short, type }]) =>
      type === 'string' && (argument === `--${name}` || argument === `-${short}`),
  )
  return found?.[0]
}

/**
 * Binds values that look like options to theirs: a number below 0 is told to be out of range by whoever knows
 * the range.
 */
function bound(command: Command, args: readonly string[]): string[] {
  const all: string[] = []
  for (let i = 0; i < args.length; i++) {
    const [argument, next] = [args[i] as string, args[i + 1]]
    if (argument === '--') return [...all, ...args.slice(i)]
    const name = valuedOption(command, argument)
    if (name === undefined) all.push(argument)
    else if (next?.startsWith('-') && next !== '-') {
      if (!NEGATIVE.test(next)) {
        throw new UsageError(`--${name} needs a value, and '${next}' looks like an option`)
      }
      all.push(`--${name}=${next}`)
      i++
    } else {
      all.push(argument, ...(next === undefined ? [] : [next]))
      i++
    }
  }
  return all
}

/** What the user wrote after a command's name. */
export function parse(command: Command, args: readonly string[]): CommandInput {
  const known = bound(command, args)
  let parsed: ReturnType<typeof parseArgs>
  try {
    parsed = parseArgs({ args: known, options: optionsOf(command), allowPositionals: true })
  } catch (error) {
    throw new UsageError(reasonOf(error), { cause: error })
  }
  const { values, positionals } = parsed
  const { maxOperands } = command
  if (positionals.length > maxOperands) {
    throw new UsageError(`Unexpected argument '${positionals[maxOperands]}'`)
  }
  return { options: values as CommandInput['options'], operands: positionals }
}

/** Whether `--json` is among arguments that need not make sense. */
export function isAskedForJson(command: Command, args: readonly string[]): boolean {
  const options = optionsOf(command)
  return parseArgs({ args: [...args], options, strict: false }).values.json === true
}
