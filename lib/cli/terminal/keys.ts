// What terminals send for keys without a character, in both of the modes that they may be in.
const SEQUENCES: Readonly<Record<string, string>> = {
  '\x1b[A': 'up',
  '\x1bOA': 'up',
  '\x1b[B': 'down',
  '\x1bOB': 'down',
  '\x1b[5~': 'page-up',
  '\x1b[6~': 'page-down',
  '\x1b[H': 'home',
  '\x1bOH': 'home',
  '\x1b[1~': 'home',
  '\x1b[F': 'end',
  '\x1bOF': 'end',
  '\x1b[4~': 'end',
  '\x03': 'ctrl-c',
  '\x04': 'ctrl-d',
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what keys send
const KEY = /\x1b\[[\d;?]*[ -/]*[@-~]|\x1bO.|[\s\S]/g

/** The keys in what a terminal sent: names, and characters for the rest. */
export const keysOf = (input: string): string[] =>
  (input.match(KEY) ?? []).map((key) => SEQUENCES[key] ?? key)
