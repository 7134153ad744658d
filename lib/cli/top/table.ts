import type { ServiceThread } from '../../observer/outside/index.js'
import { type Line, pad, span } from '../terminal/text.js'
import type { Glyphs } from './bar.js'
import { columnsFor } from './columns.js'

export interface TableSize {
  readonly width: number
  /** Rows of threads that there is room for. */
  readonly rows: number
  /** Which thread is the first one shown. */
  readonly from: number
}

const joined = (cells: readonly Line[]): Line =>
  cells.flatMap((cell, place) => (place === 0 ? cell : [span(' '), ...cell]))

/** The table: its head and as many rows as there is room for, each `width` columns at most. */
export function table(
  threads: readonly ServiceThread[],
  { width, rows, from }: TableSize,
  glyphs: Glyphs,
): Line[] {
  // Of all threads, so that nothing moves sideways while they are scrolled.
  const columns = columnsFor(threads, width)
  const head = columns.map((column) => [span(pad(column.title, column.width, column.align), 'dim')])
  const shown = threads.slice(from, from + rows)
  return [
    joined(head),
    ...shown.map((thread) =>
      joined(columns.map((column) => column.cell(thread, column.width, glyphs))),
    ),
  ]
}
