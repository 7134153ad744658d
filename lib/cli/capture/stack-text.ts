import { describeKernelView, wantsProcessor } from '../../diagnostics/kernel/describe.js'
import type { KernelView, StackFrame, StackReport } from '../../diagnostics/model.js'
import { percentText } from '../terminal/quantity.js'
import { type Line, type Span, type Style, span } from '../terminal/text.js'
import { wrapped } from '../terminal/wrap.js'

// Of a recursion, the first calls and the last one tell all that there is to tell.
const SHOWN_BEFORE = 3
const SHOWN_AFTER = 1

const isInternal = ({ url }: StackFrame): boolean => url === '' || url.startsWith('node:')

const placeOf = ({ url, lineNumber, columnNumber }: StackFrame): string =>
  `${url === '' ? '<anonymous>' : url}:${lineNumber}:${columnNumber}`

/** As in the stacks of Node's errors, which editors and terminals turn into links. */
function frameLine(frame: StackFrame): Line {
  const internal = isInternal(frame)
  const place = span(placeOf(frame), internal ? 'dim' : 'cool')
  const at = span('    at ', 'dim')
  if (frame.functionName === '') return [at, place]
  const name = span(frame.functionName, internal ? 'dim' : 'strong')
  return [at, name, span(' (', 'dim'), place, span(')', 'dim')]
}

const isSameFunction = (a: StackFrame, b: StackFrame): boolean =>
  a.functionName === b.functionName && a.url === b.url && a.functionName !== ''

/** Calls of one function by itself, as often as they follow each other. */
function runsOf(frames: readonly StackFrame[]): StackFrame[][] {
  const runs: StackFrame[][] = []
  for (const frame of frames) {
    const run = runs.at(-1)
    if (run !== undefined && isSameFunction(run[0] as StackFrame, frame)) run.push(frame)
    else runs.push([frame])
  }
  return runs
}

function runLines(run: readonly StackFrame[], full: boolean): Line[] {
  const hidden = run.length - SHOWN_BEFORE - SHOWN_AFTER
  if (full || hidden < 2) return run.map(frameLine)
  const name = (run[0] as StackFrame).functionName
  return [
    ...run.slice(0, SHOWN_BEFORE).map(frameLine),
    [span(`    ... ${hidden} more calls of ${name}`, 'dim')],
    ...run.slice(-SHOWN_AFTER).map(frameLine),
  ]
}

/** A stack, innermost call first. */
const stackLines = (frames: readonly StackFrame[], full = false): Line[] =>
  runsOf(frames).flatMap((run) => runLines(run, full))

const STATE_STYLES: Readonly<Record<StackReport['state'], Style>> = {
  javascript: 'good',
  idle: 'dim',
  native: 'warn',
}

const useText = ({ cpu, runDelay }: StackReport['kernel']): string => {
  if (cpu === null) return ''
  const waits =
    runDelay !== null && runDelay >= 0.05 ? `, waits for a processor ${percentText(runDelay)}` : ''
  return `, CPU ${percentText(cpu)}${waits}`
}

// What has used less of a processor did not run while it was looked at. That it wanted one may have been for
// the answer.
const HARDLY = 0.1

const isOffProcessor = ({ state, cpu }: KernelView): boolean =>
  state !== null && state !== 'R' && (cpu ?? 0) < HARDLY

const isFutex = ({ syscall, wchan }: KernelView): boolean =>
  (syscall ?? wchan ?? '').startsWith('futex')

/** A thread that has JavaScript on its stack. Of all that waits for a futex, only Atomics.wait() answers. */
function activityOf(kernel: KernelView): Span {
  if (!isOffProcessor(kernel)) {
    return span(`runs JavaScript${useText(kernel)}`, STATE_STYLES.javascript)
  }
  if (isFutex(kernel)) return span('waits in Atomics.wait(), off the processor', 'cool')
  return span(`in JavaScript, ${describeKernelView(kernel)}`, 'warn')
}

function stateOf({ state, kernel }: StackReport): Span {
  if (state === 'idle') return span('idle', STATE_STYLES.idle)
  if (state === 'javascript') return activityOf(kernel)
  return span(wantsProcessor(kernel) ? 'does not answer' : 'in a native call', STATE_STYLES.native)
}

interface StackTextOptions {
  /** All calls of a recursion. */
  readonly full: boolean
  /** Columns for what is no link. */
  readonly width: number
}

/** What a thread does, as lines. */
export function reportLines(report: StackReport, { full, width }: StackTextOptions): Line[] {
  const { thread, state, frames, kernel } = report
  const ids = `  thread ${thread.threadId}, tid ${thread.tid ?? '?'}  `
  const head = wrapped([span(thread.name, 'strong'), span(ids, 'dim'), stateOf(report)], width)
  if (state === 'native') {
    return [...head, ...wrapped([span(`    ${describeKernelView(kernel)}`)], width)]
  }
  return [...head, ...stackLines(frames, full)]
}
