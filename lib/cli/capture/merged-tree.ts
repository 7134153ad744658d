import {
  NO_NODE,
  type StackTree,
  StackTreeBuilder,
  type TreeFrame,
} from '../../diagnostics/formats/stack-tree.js'
import type { CaptureDetails } from '../../diagnostics/model.js'

const UNKNOWN = { file: '', lineNumber: 0, columnNumber: 0, category: 'program' } as const

/** What stands below all calls of a thread. */
const threadFrame = (details: CaptureDetails | null): TreeFrame => {
  const { name, threadId } = details?.thread ?? { name: 'thread', threadId: 0 }
  const text = name === 'main' || name.endsWith(`-${threadId}`) ? name : `${name} (${threadId})`
  return { functionName: text, ...UNKNOWN }
}

function add(builder: StackTreeBuilder, tree: StackTree): void {
  const root = builder.node(NO_NODE, builder.frame(threadFrame(tree.details)))
  const frames = tree.frames.map((frame) => builder.frame(frame))
  const nodes: number[] = []
  for (const [node, parent] of tree.parents.entries()) {
    const below = parent === NO_NODE ? root : (nodes[parent] as number)
    const number = builder.node(below, frames[tree.nodeFrames[node] as number] as number)
    builder.ticks(number, tree.lines[node] ?? [])
    nodes.push(number)
  }
  for (const [at, node] of tree.samples.entries()) {
    builder.sample(node === NO_NODE ? root : (nodes[node] as number), tree.weights[at] as number)
  }
}

/** The stacks of several threads as one tree, each thread a tower of its own. */
export function mergedTree(trees: readonly [StackTree, ...StackTree[]]): StackTree {
  const [first] = trees
  const builder = new StackTreeBuilder(first.unit)
  for (const tree of trees) add(builder, tree)
  const details = first.details && {
    ...first.details,
    thread: { ...first.details.thread, name: `${trees.length} threads` },
  }
  return builder.build(first.period, details)
}
