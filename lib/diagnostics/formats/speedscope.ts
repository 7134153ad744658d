import { depthFirst } from './depth-first.js'
import { pathTo, type StackTree, selfWeights } from './stack-tree.js'
import { titleOf } from './title.js'

const SCHEMA = 'https://www.speedscope.app/file-format-schema.json'

// About 80 MB of JSON.
const MOST_EVENTS = 2_000_000

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

interface Weighed {
  readonly node: number
  readonly weight: number
}

/**
 * Calls as they open and close; null where there would be too many. Only what changes from sample to sample
 * is written: a stack for each sample would make files of gigabytes from deep ones.
 */
function eventsOf(tree: StackTree, samples: Iterable<Weighed>, most: number): StackEvent[] | null {
  const events: StackEvent[] = []
  let open: number[] = []
  let at = 0
  const add = (type: 'O' | 'C', nodes: readonly number[]): void => {
    for (const node of nodes) events.push({ type, frame: tree.nodeFrames[node] as number, at })
  }
  let before: number | undefined
  for (const { node, weight } of samples) {
    if (node !== before) {
      const path = pathTo(tree, node)
      const kept = common(open, path)
      add('C', open.slice(kept).reverse())
      add('O', path.slice(kept))
      open = path
      before = node
      if (events.length > most) return null
    }
    at += weight
  }
  add('C', [...open].reverse())
  return events
}

const inTime = (tree: StackTree): Weighed[] =>
  tree.samples.map((node, at) => ({ node, weight: tree.weights[at] as number }))

/** What each call path weighs, side by side: two events for each, however many samples there were. */
function merged(tree: StackTree): Weighed[] {
  const { weights } = selfWeights(tree)
  return depthFirst(tree, () => true)
    .map(({ node }) => ({ node, weight: weights[node] as number }))
    .filter(({ weight }) => weight > 0)
}

/**
 * A file for speedscope, which shows it by time, merged, and by caller and callee. Where stacks are so deep
 * and change so much that the file would be beyond it, they are merged, and the name says so.
 */
export function speedscope(tree: StackTree): string {
  const inOrder = eventsOf(tree, inTime(tree), MOST_EVENTS)
  const events = inOrder ?? eventsOf(tree, merged(tree), Number.POSITIVE_INFINITY) ?? []
  const title = titleOf(tree) + (inOrder ? '' : ' (merged, not in order of time)')
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
        endValue: tree.weights.reduce((sum, weight) => sum + weight, 0),
        events,
      },
    ],
  })
}
