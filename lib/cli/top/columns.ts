import type { ServiceThread } from '../../observer/outside/index.js'
import { programName } from '../program-name.js'
import { pad, type Span, type Style, span, widthOf } from '../terminal/text.js'
import { bar, type Glyphs, VERDICT_STYLES } from './bar.js'

/** One column of the table. */
export interface Column {
  readonly title: string
  readonly width: number
  /** As far as it grows where there is room. */
  readonly most?: number
  readonly align?: 'left' | 'right'
  /** Where there is no room for all, the columns of the highest rank go first. */
  readonly rank: number
  readonly cell: (thread: ServiceThread, width: number, glyphs: Glyphs) => Span[]
}

const MIB = 1024 * 1024
const MINUTE = 60
const HOUR = 3600

const percent = (share: number | null): string => (share === null ? '-' : (share * 100).toFixed(1))

const restStyle = ({ verdict }: ServiceThread): Style => (verdict === 'idle' ? 'dim' : '')

/** `12.3s`, `4m05s`, `3h07m`: at most 6 columns for some years. */
export function duration(seconds: number): string {
  if (seconds < MINUTE) return `${seconds.toFixed(1)}s`
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m${two(seconds % MINUTE)}s`
  return `${Math.floor(seconds / HOUR)}h${two((seconds % HOUR) / MINUTE)}m`
}

const number = (
  title: string,
  width: number,
  rank: number,
  text: (thread: ServiceThread) => string,
): Column => ({
  title,
  width,
  rank,
  align: 'right',
  cell: (thread, columns) => [span(pad(text(thread), columns, 'right'), restStyle(thread))],
})

const words = (
  title: string,
  width: number,
  rank: number,
  text: (thread: ServiceThread) => string,
  most?: number,
): Column => ({
  title,
  width,
  rank,
  ...(most !== undefined && { most }),
  cell: (thread, columns) => [span(pad(text(thread), columns), 'dim')],
})

const stalled = ({ stalled: seconds }: ServiceThread): string =>
  seconds === null ? '-' : seconds === 0 ? '' : duration(seconds)

const heap = ({ heap: figures }: ServiceThread): string =>
  figures === null ? '-' : (figures.used / MIB).toFixed(1)

const NAME_WIDTH = 12
const LONGEST_NAME = 28

/** As wide as the names are. */
function nameColumn(threads: readonly ServiceThread[]): Column {
  const longest = Math.max(...threads.map(({ name }) => widthOf(name)), 0)
  return {
    title: 'thread',
    width: Math.min(Math.max(longest, 'thread'.length), NAME_WIDTH),
    most: Math.min(longest, LONGEST_NAME),
    rank: 0,
    cell: (thread, width) => [span(pad(thread.name, width), restStyle(thread) || 'strong')],
  }
}

const verdict: Column = {
  title: 'verdict',
  width: 7,
  rank: 0,
  cell: (thread, width) => {
    const style = thread.verdict === null ? 'dim' : VERDICT_STYLES[thread.verdict]
    return [span(pad(thread.verdict ?? '-', width), style)]
  },
}

const PID = number('pid', 7, 2, ({ pid }) => String(pid))
const PROGRAM = words('program', 14, 9, ({ program }) => programName(program), 40)

const REST: readonly Column[] = [
  number('tid', 7, 5, ({ tid }) => String(tid)),
  words('role', 9, 6, ({ role }) => role),
  { title: 'where time went', width: 15, most: 40, rank: 3, cell: bar },
  number('CPU %', 6, 0, ({ cpu }) => percent(cpu)),
  number('user', 6, 7, ({ user }) => percent(user)),
  number('sys', 6, 7, ({ system }) => percent(system)),
  number('delay', 6, 1, ({ runDelay }) => percent(runDelay)),
  number('ELU %', 6, 1, ({ eventLoopUtilization }) => percent(eventLoopUtilization)),
  verdict,
  number('stalled', 7, 4, stalled),
  number('heap MiB', 8, 7, heap),
  number('CPU time', 8, 8, ({ cpuTime }) => duration(cpuTime)),
  words('st', 2, 8, ({ state }) => state ?? '-'),
  number('on', 3, 8, ({ processor }) => String(processor ?? '-')),
]

const hasAny = (
  threads: readonly ServiceThread[],
  key: 'heap' | 'stalled' | 'eventLoopUtilization',
) => threads.some((thread) => thread[key] !== null)

/** The columns that say something about these threads. */
function columnsOf(threads: readonly ServiceThread[]): Column[] {
  const several = new Set(threads.map(({ pid }) => pid)).size > 1
  const told = hasAny(threads, 'stalled')
  const rest = REST.filter(({ title }) => {
    if (title === 'stalled') return told
    if (title === 'ELU %') return told || hasAny(threads, 'eventLoopUtilization')
    return title !== 'heap MiB' || hasAny(threads, 'heap')
  })
  const name = nameColumn(threads)
  return several ? [name, PID, ...rest, PROGRAM] : [name, ...rest]
}

const widthWith = (columns: readonly Column[]): number =>
  columns.reduce((sum, { width }) => sum + width + 1, -1)

/** The columns that fit into `width`; what is left over makes those longer that can grow. */
export function columnsFor(threads: readonly ServiceThread[], width: number): Column[] {
  let columns = columnsOf(threads)
  const highest = Math.max(...columns.map(({ rank }) => rank))
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
