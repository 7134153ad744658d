import type { ServiceThread } from '../../observer/outside/index.js'
import { programName } from '../program-name.js'
import type { Look } from '../terminal/look.js'
import { type Line, pad, type Span, type Style, span, widthOf } from '../terminal/text.js'
import { VERDICT_STYLES } from '../top/bar.js'
import type { Answer } from './answer.js'
import type { Running, ShownProcess, ShownService } from './running.js'

interface Glyphs {
  readonly branch: string
  readonly last: string
  readonly trunk: string
  readonly blank: string
}

const UNICODE: Glyphs = { branch: '├─ ', last: '└─ ', trunk: '│  ', blank: '   ' }
const ASCII: Glyphs = { branch: '|- ', last: '`- ', trunk: '|  ', blank: '   ' }

interface Column {
  readonly title: string
  readonly width: number
  /** Where there is no room for all, the columns of the highest rank go first. */
  readonly rank: number
}

const COLUMNS = [
  { title: 'thread', width: 6, rank: 1 },
  { title: 'tid', width: 7, rank: 2 },
  { title: 'CPU %', width: 6, rank: 0 },
  { title: 'delay', width: 6, rank: 4 },
  { title: 'ELU %', width: 6, rank: 3 },
  { title: 'verdict', width: 8, rank: 0 },
] as const satisfies readonly Column[]

type Title = (typeof COLUMNS)[number]['title']

/** A line of the tree: what it is, its figures, and what is to be said of it. */
interface Row {
  readonly tree: string
  readonly label: Span
  readonly cells: Partial<Record<Title, Span>>
  readonly note: Line
}

const percent = (share: number | null): Span =>
  share === null ? span('-', 'dim') : span((share * 100).toFixed(1), share < 0.01 ? 'dim' : '')

const sumOf = (threads: readonly ServiceThread[]): number | null =>
  threads.every(({ cpu }) => cpu === null)
    ? null
    : threads.reduce((sum, { cpu }) => sum + (cpu ?? 0), 0)

const isJavaScript = ({ role }: ServiceThread): boolean => role === 'main' || role === 'worker'

const order = (thread: ServiceThread): number => thread.threadId ?? Number.MAX_SAFE_INTEGER

function threadRow(thread: ServiceThread, tree: string): Row {
  const { name, threadId, tid, cpu, runDelay, eventLoopUtilization: elu, verdict } = thread
  const style = isJavaScript(thread) ? '' : 'dim'
  return {
    tree,
    label: span(name, style),
    cells: {
      thread: span(threadId === null ? '-' : String(threadId), 'dim'),
      tid: span(String(tid), 'dim'),
      'CPU %': percent(cpu),
      delay: percent(runDelay),
      'ELU %': percent(elu),
      verdict: span(verdict ?? '-', verdict === null ? 'dim' : VERDICT_STYLES[verdict]),
    },
    note: isJavaScript(thread) ? [] : [span(thread.role, 'dim')],
  }
}

/** How many threads of which role. */
function rolesText(threads: readonly ServiceThread[]): string {
  const counts = new Map<string, number>()
  for (const { role } of threads) counts.set(role, (counts.get(role) ?? 0) + 1)
  return [...counts].map(([role, count]) => `${count} ${role}`).join(', ')
}

function restRow(threads: readonly ServiceThread[], tree: string): Row {
  const label = `${threads.length} other${threads.length === 1 ? '' : 's'}`
  return {
    tree,
    label: span(label, 'dim'),
    cells: { 'CPU %': percent(sumOf(threads)) },
    note: [span(rolesText(threads), 'dim')],
  }
}

const ANSWERS: Readonly<Record<Answer['state'], Span>> = {
  ready: span('ready', 'good'),
  off: span('diagnostics off', 'warn'),
  silent: span('does not answer', 'bad'),
}

function noteOf({ diagnostics: { state, node } }: ShownProcess): Line {
  return node === null
    ? [ANSWERS[state]]
    : [ANSWERS[state], span(`  Node.js ${node.replace(/^v/, '')}`, 'dim')]
}

function processRows(process: ShownProcess, head: string, below: string, options: Options): Row[] {
  const sorted = process.threads.toSorted((a, b) => order(a) - order(b) || a.tid - b.tid)
  const shown = options.all ? sorted : sorted.filter(isJavaScript)
  const rest = options.all ? [] : sorted.filter((thread) => !isJavaScript(thread))
  const { glyphs } = options
  const many = shown.length + Math.min(rest.length, 1)
  const tree = (place: number): string => below + (place === many - 1 ? glyphs.last : glyphs.branch)
  return [
    {
      tree: head,
      label: span(`${process.pid} ${programName(process.program)}`, 'strong'),
      cells: { 'CPU %': percent(sumOf(process.threads)) },
      note: noteOf(process),
    },
    ...shown.map((thread, place) => threadRow(thread, tree(place))),
    ...(rest.length === 0 ? [] : [restRow(rest, tree(many - 1))]),
  ]
}

/** Of a service of which not all was asked for. */
function moreRow({ directory, otherPids }: ShownService): Row[] {
  if (otherPids.length === 0) return []
  const many = otherPids.length === 1 ? '1 more process' : `${otherPids.length} more processes`
  const label = span(`${many} of this service: threadmeter ps ${directory}`, 'dim')
  return [{ tree: '', label, cells: {}, note: [] }]
}

function serviceRows(service: ShownService, options: Options): Row[] {
  const { directory, processes } = service
  const { glyphs } = options
  return [
    { tree: '', label: span(directory || 'no runtime directory', 'cool'), cells: {}, note: [] },
    ...processes.flatMap((process, place) => {
      const isLast = place === processes.length - 1
      const head = isLast ? glyphs.last : glyphs.branch
      return processRows(process, head, isLast ? glyphs.blank : glyphs.trunk, options)
    }),
    ...moreRow(service),
  ]
}

interface Options {
  readonly glyphs: Glyphs
  readonly all: boolean
}

const LEAST_LABEL = 16
const MOST_LABEL = 44
const GAP = 2

const widthWith = (columns: readonly Column[]): number =>
  columns.reduce((sum, { width }) => sum + width + 1, 0)

function columnsFor(room: number): readonly (typeof COLUMNS)[number][] {
  let columns: readonly (typeof COLUMNS)[number][] = COLUMNS
  for (let rank = 4; rank > 0 && widthWith(columns) + LEAST_LABEL > room; rank--) {
    columns = columns.filter((column) => column.rank < rank)
  }
  return columns
}

const hasFigures = ({ cells }: Row): boolean => Object.keys(cells).length > 0

/** The tree as lines of at most `width` columns. */
export function treeLines({ services }: Running, look: Look, all: boolean): Line[] {
  const options: Options = { glyphs: look.unicode ? UNICODE : ASCII, all }
  const rows = services.flatMap((service) => serviceRows(service, options))
  const columns = columnsFor(look.width)
  const longest = Math.max(
    ...rows.filter(hasFigures).map(({ tree, label }) => widthOf(tree + label.text)),
  )
  const room = Math.max(look.width - widthWith(columns), LEAST_LABEL)
  const labelWidth = Math.max(Math.min(longest, room, MOST_LABEL), LEAST_LABEL)
  const cell = ({ title, width }: Column, { text, style }: Span): Line => {
    const align = title === 'verdict' ? 'left' : 'right'
    return [span(' '), span(pad(text, width, align), style)]
  }
  const head: Line = [
    span(' '.repeat(labelWidth)),
    ...columns.flatMap((column) => cell(column, span(column.title, 'dim'))),
  ]
  const rowLine = (row: Row): Line => {
    const { tree, label, cells, note } = row
    if (!hasFigures(row)) return [span(tree, 'dim'), label]
    const left = [
      span(tree, 'dim'),
      span(pad(label.text, labelWidth - widthOf(tree)), label.style as Style),
    ]
    const figures = columns.flatMap((column) => cell(column, cells[column.title] ?? span('')))
    return [...left, ...figures, span(' '.repeat(GAP - 1)), ...note]
  }
  return [head, ...rows.map(rowLine)]
}
