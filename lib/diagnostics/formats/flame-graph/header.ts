import { basename } from 'node:path'
import type { CaptureDetails, StackFrame, ThreadWindow } from '../../model.js'
import type { StackTree } from '../stack-tree.js'
import { escapeHtml } from './markup.js'

const PARTIAL: Readonly<Record<NonNullable<CaptureDetails['partial']>, string>> = {
  'thread ended': 'The thread ended before the window did: this is what there was until then.',
  'process ended': 'The process ended before the window did: this is what there was until then.',
  aborted: 'The capture was ended early: this is what there was until then.',
}

interface Figure {
  readonly name: string
  readonly value: string
  readonly note: string
}

const share = (part: number, whole: number): string =>
  whole > 0 ? `${((part / whole) * 100).toFixed(1)} %` : ''

const seconds = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(1)} s`

function windowFigures({
  seconds: length,
  cpuSeconds,
  runDelaySeconds,
  eventLoopUtilization,
}: ThreadWindow): Figure[] {
  return [
    { name: 'Window', value: seconds(length), note: '' },
    ...(cpuSeconds === null
      ? []
      : [{ name: 'CPU', value: share(cpuSeconds, length), note: seconds(cpuSeconds) }]),
    ...(runDelaySeconds === null
      ? []
      : [
          {
            name: 'Waited for a processor',
            value: share(runDelaySeconds, length),
            note: seconds(runDelaySeconds),
          },
        ]),
    ...(eventLoopUtilization === null
      ? []
      : [{ name: 'Event loop busy', value: share(eventLoopUtilization, 1), note: '' }]),
  ]
}

const weightOf = ({ weights }: StackTree): number =>
  weights.reduce((sum, weight) => sum + weight, 0)

function sampleFigure(tree: StackTree): Figure[] {
  const { unit, samples } = tree
  if (unit === 'bytes') return []
  const mean = samples.length > 0 ? weightOf(tree) / samples.length : 0
  const every = mean > 0 ? `every ${(mean / 1000).toFixed(2)} ms on average` : ''
  return [{ name: 'Samples', value: samples.length.toLocaleString('en'), note: every }]
}

/** Instead of a graph without calls, which tells nobody that this is all there is. */
function nothing(tree: StackTree): string {
  if (weightOf(tree) > 0) return ''
  const why =
    tree.unit === 'bytes'
      ? 'Nothing that was allocated in the window was still there at its end, as far as it was sampled: the graph is empty.'
      : 'No sample was taken: the graph is empty.'
  return `<p class="partial" role="note">${why}</p>`
}

const figure = ({ name, value, note }: Figure): string =>
  `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}${
    note === '' ? '' : ` <small>${escapeHtml(note)}</small>`
  }</dd></div>`

const badge = (text: string): string => `<span class="badge">${escapeHtml(text)}</span>`

function identity({ thread, versions }: CaptureDetails): string {
  const { pid, tid, threadId, name, role } = thread
  // A worker's name may be anything; that of main is its role.
  const texts = [
    name === role ? `${role} thread` : `${role} thread ${name}`,
    ...(role === 'worker' ? [`threadId ${threadId}`] : []),
    ...(typeof tid === 'number' && tid > 0 ? [`tid ${tid}`] : []),
    ...[`pid ${pid}`, ...(versions.app === null ? [] : [versions.app])],
    ...[`Node.js ${versions.node.replace(/^v/, '')}`, `threadmeter ${versions.threadmeter}`],
  ]
  return texts.map(badge).join('')
}

const call = ({ functionName, url, lineNumber, columnNumber }: StackFrame): string =>
  `<li><b>${escapeHtml(functionName || '(anonymous)')}</b> <span class="place">${escapeHtml(
    url === '' ? '' : `${url}:${lineNumber}:${columnNumber}`,
  )}</span></li>`

function stackAtStart(stack: CaptureDetails['stackAtStart']): string {
  if (stack === null) return ''
  if (stack.length === 0) return '<p class="at-start">At its start the thread was idle.</p>'
  const innermost = stack[0]?.functionName || '(anonymous)'
  return `<details class="at-start"><summary>At its start the thread was in <b>${escapeHtml(
    innermost,
  )}</b>: exact stack</summary><ol>${stack.map(call).join('')}</ol></details>`
}

/** What the profile is of, and how it went with the thread meanwhile. */
export function header(tree: StackTree): string {
  const { details, unit } = tree
  const kind = unit === 'bytes' ? 'Heap profile' : 'CPU profile'
  const program = details === null ? '' : basename(details.program) || details.program
  const date = details === null ? null : new Date(details.window.startedAt)
  const figures = [...(details ? windowFigures(details.window) : []), ...sampleFigure(tree)]
  return [
    `<h1><span class="kind">${kind}</span>${
      program === ''
        ? ''
        : ` <span title="${escapeHtml(details?.program ?? '')}">${escapeHtml(program)}</span>`
    }${
      date === null
        ? ''
        : ` <time datetime="${date.toISOString()}">${date.toISOString().replace('T', ' ').slice(0, 19)} UTC</time>`
    }</h1>`,
    details === null ? '' : `<p class="badges">${identity(details)}</p>`,
    figures.length === 0 ? '' : `<dl class="figures">${figures.map(figure).join('')}</dl>`,
    details?.partial ? `<p class="partial" role="note">${PARTIAL[details.partial]}</p>` : '',
    nothing(tree),
    details === null ? '' : stackAtStart(details.stackAtStart),
  ].join('\n')
}
