import {
  type StackTree,
  selfWeights,
  type TreeFrame,
} from '../../diagnostics/formats/stack-tree.js'
import type { ThreadWindow } from '../../diagnostics/model.js'
import { bytesText, percentText, secondsText } from '../terminal/quantity.js'
import { type Line, pad, span, widthOf } from '../terminal/text.js'
import { wrapped } from '../terminal/wrap.js'
import { threadText } from './failures.js'

const SHOWN = 5
// What is less is not why anything is slow.
const LEAST_SHARE = 0.005
const WIDEST_NAME = 32
const MICROS = 1e6

/** A function, by what it used itself: without the functions that it called. */
interface SelfUse extends Pick<TreeFrame, 'functionName' | 'file' | 'lineNumber' | 'columnNumber'> {
  /** µs or bytes. */
  readonly self: number
  /** Of the whole. */
  readonly share: number
}

/** What a profile says in a few lines. */
export interface Summary {
  readonly samples: number
  /** µs or bytes. */
  readonly total: number
  /** Share of the samples in which the thread idled. */
  readonly idle: number
  readonly top: readonly SelfUse[]
}

/** The functions that used most themselves. */
export function summaryOf(tree: StackTree): Summary {
  const { weights } = selfWeights(tree)
  const self = new Float64Array(tree.frames.length)
  let idle = 0
  for (const [node, weight] of weights.entries()) {
    const frame = tree.nodeFrames[node] as number
    self[frame] = (self[frame] as number) + weight
    if (tree.frames[frame]?.category === 'idle') idle += weight
  }
  const total = tree.weights.reduce((sum, weight) => sum + weight, 0)
  const shareOf = (value: number): number => (total > 0 ? value / total : 0)
  const top = tree.frames
    .map(({ functionName, file, lineNumber, columnNumber, category }, frame) => {
      const used = self[frame] as number
      const what = { functionName, file, lineNumber, columnNumber }
      return { category, use: { ...what, self: used, share: shareOf(used) } }
    })
    .filter(({ category, use }) => category !== 'idle' && use.share >= LEAST_SHARE)
    .map(({ use }) => use)
    .sort((a, b) => b.self - a.self)
    .slice(0, SHOWN)
  return { samples: tree.samples.length, total, idle: shareOf(idle), top }
}

const placeOf = ({ file, lineNumber, columnNumber }: SelfUse): string =>
  file === '' ? '' : lineNumber > 0 ? `${file}:${lineNumber}:${columnNumber}` : file

/** CPU, run delay and event loop of a window, as far as they are known. */
function windowText(window: ThreadWindow): string {
  const { seconds, cpuSeconds, runDelaySeconds, eventLoopUtilization } = window
  const parts = [
    cpuSeconds === null ? undefined : `CPU ${percentText(cpuSeconds / seconds)}`,
    runDelaySeconds === null ? undefined : `run delay ${percentText(runDelaySeconds / seconds)}`,
    eventLoopUtilization === null ? undefined : `event loop ${percentText(eventLoopUtilization)}`,
  ]
  return parts.filter((part) => part !== undefined).join(', ')
}

const PARTIAL = {
  aborted: 'ended early',
  'thread ended': 'the thread ended in the middle',
  'process ended': 'the process ended in the middle',
} as const

function headLine(tree: StackTree, { samples, total, idle }: Summary): Line {
  const { details, unit } = tree
  const amount =
    unit === 'bytes'
      ? `${bytesText(total)} from ${tree.samples.length} places`
      : `${samples} samples in ${secondsText(total / MICROS)}`
  if (details === null) return [span(amount)]
  const { thread, window, partial } = details
  const figures = windowText(window)
  const rest = unit === 'microseconds' && idle > 0.005 ? `, idle ${percentText(idle)}` : ''
  const text = `  ${amount}${figures === '' ? '' : `; ${figures}`}${rest}`
  const early = partial === null ? [] : [span(`  ${PARTIAL[partial]}`, 'warn' as const)]
  return [span(threadText(thread), 'strong'), span(text), ...early]
}

/** A summary as lines: its figures within `columns`, places whole. */
export function summaryLines(tree: StackTree, summary: Summary, columns: number): Line[] {
  const { top } = summary
  const amountOf = ({ self }: SelfUse): string =>
    tree.unit === 'bytes' ? bytesText(self) : secondsText(self / MICROS)
  const longest = Math.max(...top.map(({ functionName }) => widthOf(functionName)), 0)
  const width = Math.min(longest, WIDEST_NAME)
  return [
    ...wrapped(headLine(tree, summary), columns),
    ...top.map(
      (use, place): Line => [
        span(pad(percentText(use.share), 9, 'right'), place === 0 ? 'good' : ''),
        span(pad(amountOf(use), 11, 'right'), 'dim'),
        span('  '),
        span(pad(use.functionName, width), 'strong'),
        span('  '),
        span(placeOf(use), 'cool'),
      ],
    ),
  ]
}
