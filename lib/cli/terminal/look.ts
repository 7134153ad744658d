import type { CommandInput, OptionDescription } from '../command.js'
import { canDraw, isUnicode } from './screen.js'

export const LOOK_OPTIONS = {
  'no-color': { type: 'boolean', help: 'no colours, as with NO_COLOR' },
} as const satisfies Record<string, OptionDescription>

/** How text for a stream may look. */
export interface Look {
  readonly colours: boolean
  readonly unicode: boolean
  /** Columns; Infinity where lines go to a file or a pipe. */
  readonly width: number
}

interface TextStream {
  readonly isTTY?: boolean
  readonly columns?: number
}

/** What a stream can show, and what the user wishes to see. */
export function lookOf({ options }: CommandInput, stream: TextStream): Look {
  const wanted = options['no-color'] !== true && !process.env.NO_COLOR
  const width = stream.columns ?? (Number(process.env.COLUMNS) || Number.POSITIVE_INFINITY)
  return { colours: wanted && canDraw(stream), unicode: isUnicode(), width }
}
