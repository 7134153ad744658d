import { paint } from '../terminal/text.js'
import type { Glyphs } from './bar.js'
import { type Sort, sorted } from './sort.js'
import { table } from './table.js'
import { totalsLine } from './totals.js'
import type { View } from './watch.js'

export interface PlainOptions {
  readonly sort: Sort
  readonly width: number
  readonly colours: boolean
  readonly glyphs: Glyphs
}

/** A look as lines for a file, a pipe or a terminal that scrolls. */
export function plain(view: View, { sort, width, colours, glyphs }: PlainOptions): string {
  const threads = sorted(view.threads, sort, false)
  const time = new Date(view.time).toISOString().slice(11, 19)
  const lines = [
    [{ text: `${time}  ${view.title}`, style: '' } as const],
    totalsLine(threads),
    ...table(threads, { width, rows: threads.length, from: 0 }, glyphs),
  ]
  return `${lines.map((line) => paint(line, width, colours).trimEnd()).join('\n')}\n`
}
