// The table of threads: which columns fit a width, which rows fit a height.
import { bar, strip, VERDICT_STYLES } from './bar.mjs'
import { fold } from './fold.mjs'
import { cut, pad, span } from './text.mjs'

const percent = (share) => (share === null ? '-' : (share * 100).toFixed(1))
const dimIfIdle = ({ verdict }) => (verdict === 'idle' ? 'dim' : '')

function nameCell(thread, width) {
  const times = thread.count > 1 ? ` x${thread.count}` : ''
  const name = cut(thread.name, width - times.length) + times
  return [span(pad(name, width), dimIfIdle(thread) || 'strong')]
}

const words = (title, width, text) => ({
  title,
  width,
  cell: (thread) => [span(pad(text(thread), width), 'dim')],
})

const number = (title, width, text) => ({
  title,
  width,
  align: 'right',
  cell: (thread) => [span(pad(text(thread), width, 'right'), dimIfIdle(thread))],
})

// Where the terminal is narrow, the columns of the highest rank go first. Where it is wide, those with
// `most` grow.
const COLUMNS = [
  { rank: 0, title: 'thread', width: 12, most: 15, cell: nameCell },
  { rank: 5, ...words('role', 9, ({ role }) => role) },
  { rank: 4, ...number('tid', 7, ({ tid, count }) => (count > 1 ? '' : String(tid))) },
  {
    rank: 3,
    title: 'where time went',
    width: 15,
    most: 40,
    cell: (thread, width, glyphs) => bar(thread.mean ?? thread, width, glyphs),
  },
  { rank: 1, ...number('CPU %', 6, ({ cpu }) => percent(cpu)) },
  { rank: 6, ...number('user', 6, ({ user }) => percent(user)) },
  { rank: 6, ...number('sys', 5, ({ system }) => percent(system)) },
  { rank: 2, ...number('delay', 6, ({ runDelay }) => percent(runDelay)) },
  { rank: 2, ...number('ELU %', 6, ({ eventLoopUtilization }) => percent(eventLoopUtilization)) },
  {
    rank: 0,
    title: 'verdict',
    width: 7,
    cell: ({ verdict }) => [span(pad(verdict, 7), VERDICT_STYLES[verdict])],
  },
  {
    rank: 7,
    title: 'history',
    width: 20,
    most: 60,
    cell: ({ history }, width, glyphs) => strip(history, width, glyphs),
  },
  { rank: 8, ...words('what it was made to do', 26, ({ doing }) => doing) },
]

const widthWith = (columns) => columns.reduce((sum, { width }) => sum + width + 1, 0)

/** The columns that fit into `width`; what is left over makes the drawn ones longer. */
export function columnsFor(width) {
  const highest = Math.max(...COLUMNS.map(({ rank }) => rank))
  let columns = COLUMNS
  for (let rank = highest; rank > 0 && widthWith(columns) > width; rank--) {
    columns = columns.filter((column) => column.rank < rank)
  }
  let spare = Math.max(width - widthWith(columns), 0)
  return columns.map((column) => {
    const more = Math.min(Math.max((column.most ?? 0) - column.width, 0), spare)
    spare -= more
    return { ...column, width: column.width + more }
  })
}

const row = (thread, columns, glyphs) =>
  columns.flatMap(({ cell, width }) => [...cell(thread, width, glyphs), span(' ')])

/** The table as lines of spans, at most `height` of them, each `width` columns at most. */
export function table(threads, { width, height, glyphs }) {
  const columns = columnsFor(width)
  const head = columns.map(({ title, width: columnWidth, align }) =>
    span(`${pad(title, columnWidth, align)} `, 'dim'),
  )
  const rows = fold(threads, height - 1)
  const shown = rows.length > height - 1 ? rows.slice(0, Math.max(height - 2, 0)) : rows
  const lines = [head, ...shown.map((thread) => row(thread, columns, glyphs))]
  if (shown.length < rows.length) {
    lines.push([span(`... ${rows.length - shown.length} more, in a taller terminal`, 'dim')])
  }
  return lines.slice(0, Math.max(height, 0))
}
