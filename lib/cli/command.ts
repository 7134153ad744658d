/** An option of a command, as it is parsed and explained. */
export interface OptionDescription {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  /** What its value is called in the help. */
  readonly value?: string
  readonly help: string
  /** What a shell offers for the value: these words, or paths. */
  readonly choices?: readonly string[]
  readonly completes?: 'file' | 'directory'
}

/** What an operand names, for shells to offer. */
export type OperandKind =
  | 'process'
  | 'node'
  | 'thread'
  | 'directory'
  | { readonly words: readonly string[] }

/** What the user wrote after a command's name. */
export interface CommandInput {
  readonly options: Readonly<Record<string, string | boolean | undefined>>
  readonly operands: readonly string[]
}

/** One command of the program. */
export interface Command {
  readonly summary: string
  /** What may follow the options, such as `[pid|dir]`; empty for nothing. */
  readonly operands: string
  readonly maxOperands: number
  /** What the operands name, one after the other; several kinds for one that may be either. */
  readonly operandKinds?: readonly (readonly OperandKind[])[]
  readonly options: Readonly<Record<string, OptionDescription>>
  /** Command line and what it does. */
  readonly examples: readonly (readonly [line: string, meaning: string])[]
  /** More to know, after the options. */
  readonly notes?: string
  /** Whether its failures, too, are lines of JSON where that is asked for. */
  readonly tellsErrorsInJson?: boolean
  /** Resolves with the exit code. */
  run(input: CommandInput): Promise<number>
}

/** A command line that cannot be understood: exit code 2. */
export class UsageError extends Error {
  readonly code = 'ERR_THREADMETER_USAGE'
}

/** Something that went wrong and that a sentence explains: no stack, exit code 1 unless it has another. */
export class Failure extends Error {
  readonly exitCode: number
  /** For programs; that of its cause, where it has one. */
  readonly code: string | undefined

  constructor(
    message: string,
    { exitCode = 1, cause, code }: { exitCode?: number; cause?: unknown; code?: string } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
    this.code = code ?? (cause as { code?: string } | undefined)?.code
  }
}

export interface NumberRange {
  readonly least: number
  readonly most: number
  readonly integer?: boolean
}

/** The value of an option that is a number. */
export function numberOption(
  { options }: CommandInput,
  name: string,
  fallback: number,
  { least, most, integer = false }: NumberRange,
): number {
  const value = options[name]
  if (typeof value !== 'string') return fallback
  const number = Number(value)
  const valid = value.trim() !== '' && number >= least && number <= most
  if (!valid || (integer && !Number.isInteger(number))) {
    const kind = integer ? 'a whole number' : 'a number'
    throw new UsageError(`--${name} takes ${kind} from ${least} to ${most}, not '${value}'`)
  }
  return number
}

/** The value of an option that is one of some words. */
export function choiceOption<Choice extends string>(
  { options }: CommandInput,
  name: string,
  choices: readonly Choice[],
  fallback: Choice,
): Choice {
  const value = options[name]
  if (typeof value !== 'string') return fallback
  if (!choices.includes(value as Choice)) {
    throw new UsageError(`--${name} is one of ${choices.join(', ')}, not '${value}'`)
  }
  return value as Choice
}
