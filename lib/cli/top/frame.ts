import { cut, type Line, paint, span, spread } from '../terminal/text.js'
import { type Glyphs, legend } from './bar.js'
import { type Sort, sorted } from './sort.js'
import { table } from './table.js'
import { totalsLine } from './totals.js'
import type { View } from './watch.js'

/** How the user wants to see it. */
export interface Presentation {
  readonly sort: Sort
  readonly reversed: boolean
  readonly paused: boolean
  readonly help: boolean
  /** Rows that are scrolled away above. */
  readonly scrolled: number
}

export interface FrameSize {
  readonly width: number
  readonly height: number
}

const HELP: readonly (readonly [key: string, meaning: string])[] = [
  ['c d e n p', 'sort by CPU, run delay, event loop utilization, name, pid'],
  ['r', 'reverse the order'],
  ['space', 'hold the picture, and go on'],
  ['arrows, j k', 'scroll by a row; PgUp and PgDn by a page, Home and End to the ends'],
  ['h ?', 'this help'],
  ['q', 'quit'],
]

const NAME = 'threadmeter  '

/** Title, totals, legend and the table's head. */
const LINES_ABOVE = 4

/** The rows of threads that a frame has room for. */
export const rowsIn = (height: number): number => Math.max(height - LINES_ABOVE - 1, 1)

/** As far as can be scrolled. */
export const mostScrolled = (threads: number, height: number): number =>
  Math.max(threads - rowsIn(height), 0)

function titleLine(
  { title, interval }: View,
  { sort, reversed, paused }: Presentation,
  width: number,
): Line {
  const right = `${reversed ? 'reversed ' : ''}by ${sort}, ${interval} s  h help  q quit`
  const held = paused ? ' held ' : ''
  const room = width - NAME.length - held.length - right.length - 2
  const left = [span(NAME, 'strong'), span(cut(title, Math.max(room, 0)), 'cool'), span(' ')]
  return spread([...left, span(held, 'inverse')], [span(right, 'dim')], width)
}

function footer(threads: number, from: number, rows: number): Line {
  if (threads <= rows) return []
  return [span(`${from + 1} to ${Math.min(from + rows, threads)} of ${threads} threads`, 'dim')]
}

const helpLines = (): Line[] =>
  HELP.map(([key, meaning]) => [span(key.padEnd(14), 'strong'), span(meaning)])

/** The screen as strings: at most `height` lines of at most `width` columns. */
export function frame(
  view: View,
  presentation: Presentation,
  { width, height }: FrameSize,
  { colours, glyphs }: { colours: boolean; glyphs: Glyphs },
): string[] {
  const threads = sorted(view.threads, presentation.sort, presentation.reversed)
  const rows = rowsIn(height)
  const from = Math.min(presentation.scrolled, mostScrolled(threads.length, height))
  const body = presentation.help
    ? [[], ...helpLines()]
    : [...table(threads, { width, rows, from }, glyphs), footer(threads.length, from, rows)]
  const lines = [titleLine(view, presentation, width), totalsLine(threads), legend(glyphs), ...body]
  return lines.slice(0, height).map((line) => paint(line, width, colours))
}
