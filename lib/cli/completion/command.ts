import type { Command } from '../command.js'

export const SHELLS = ['bash', 'zsh', 'fish'] as const

export type Shell = (typeof SHELLS)[number]

export const completion: Command = {
  summary: 'completion of commands, options, pids and threads for a shell',
  operands: SHELLS.join('|'),
  maxOperands: 1,
  operandKinds: [[{ words: SHELLS }]],
  options: {},
  examples: [
    ['source <(threadmeter completion bash)', 'in ~/.bashrc'],
    ['source <(threadmeter completion zsh)', 'in ~/.zshrc, behind compinit'],
    ['threadmeter completion fish | source', 'in ~/.config/fish/config.fish'],
  ],
  run: async (input) => (await import('./run.js')).runCompletion(input),
}
