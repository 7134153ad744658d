import type { Command, OptionDescription } from '../command.js'

export type Commands = Readonly<Record<string, Command>>

const HELP: OptionDescription = { type: 'boolean', short: 'h', help: 'what it does' }

/** The options of a command, with the one that all have. */
export const optionsOf = (command: Command): [name: string, option: OptionDescription][] =>
  Object.entries({ ...command.options, help: HELP })

/** As they are written: long first. */
export const spellingsOf = (name: string, { short }: OptionDescription): string[] =>
  short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`]

/** In quotes, so that no shell reads anything into it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
