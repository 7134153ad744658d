import { pathTo, type StackTree } from './stack-tree.js'
import { titleOf } from './title.js'

const SCHEMA = 'https://www.speedscope.app/file-format-schema.json'

interface StackEvent {
  readonly type: 'O' | 'C'
  readonly frame: number
  readonly at: number
}

/** How many calls two paths have in common, from the outermost. */
function common(one: readonly number[], other: readonly number[]): number {
  let length = 0
  while (length < one.length && one[length] === other[length]) length++
  return length
}

/**
 * Calls as they open and close. Only what changes from sample to sample is written: a stack for each sample
 * would make files of gigabytes from deep ones.
 */
function eventsOf(tree: StackTree): { events: StackEvent[]; end: number } {
  const events: StackEvent[] = []
  let open: number[] = []
  let at = 0
  const add = (type: 'O' | 'C', nodes: readonly number[]): void => {
    for (const node of nodes) events.push({ type, frame: tree.nodeFrames[node] as number, at })
  }
  let before: number | undefined
  for (const [index, node] of tree.samples.entries()) {
    if (node !== before) {
      const path = pathTo(tree, node)
      const kept = common(open, path)
      add('C', open.slice(kept).reverse())
      add('O', path.slice(kept))
      open = path
      before = node
    }
    at += tree.weights[index] as number
  }
  add('C', [...open].reverse())
  return { events, end: at }
}

/** A file for speedscope, which shows it by time, merged, and by caller and callee. */
export function speedscope(tree: StackTree): string {
  const { events, end } = eventsOf(tree)
  const title = titleOf(tree)
  const { details } = tree
  return JSON.stringify({
    $schema: SCHEMA,
    name: title,
    exporter: details ? `threadmeter@${details.versions.threadmeter}` : 'threadmeter',
    activeProfileIndex: 0,
    shared: {
      frames: tree.frames.map(({ functionName, file, lineNumber, columnNumber }) => ({
        name: functionName,
        ...(file !== '' && { file }),
        ...(lineNumber > 0 && { line: lineNumber }),
        ...(columnNumber > 0 && { col: columnNumber }),
      })),
    },
    profiles: [
      {
        type: 'evented',
        name: title,
        unit: tree.unit,
        startValue: 0,
        endValue: end,
        events,
      },
    ],
  })
}
