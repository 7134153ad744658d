import type { CaptureDetails, CpuProfile, ProfileNode } from '../model.js'
import { NO_NODE, type StackTree, StackTreeBuilder } from './stack-tree.js'
import { v8Frame } from './v8-frame.js'

/** A `.cpuprofile`, also one that somebody else took. */
export type AnyCpuProfile = Omit<CpuProfile, 'threadmeter'> & {
  readonly threadmeter?: CaptureDetails
}

/** The nodes that no other names as its child; V8 makes one, `(root)`. */
function rootsOf(nodes: readonly ProfileNode[]): ProfileNode[] {
  const children = new Set(nodes.flatMap(({ children }) => children ?? []))
  return nodes.filter(({ id }) => !children.has(id))
}

/** The tree's node for each of V8's. `(root)` is in every stack and tells nothing: it is left out. */
function addNodes(builder: StackTreeBuilder, profile: AnyCpuProfile): Map<number, number> {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]))
  const numbers = new Map<number, number>()
  // Taken from its end: nodes are numbered in V8's order.
  const pending = rootsOf(profile.nodes)
    .reverse()
    .map((node) => ({ node, parent: NO_NODE }))
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { node, parent } = next
    // What comes twice, or goes round, is not a tree.
    if (numbers.has(node.id)) continue
    const isRoot = parent === NO_NODE && node.callFrame.functionName === '(root)'
    const number = isRoot ? NO_NODE : builder.node(parent, builder.frame(v8Frame(node.callFrame)))
    numbers.set(node.id, number)
    if (!isRoot && node.positionTicks) builder.ticks(number, node.positionTicks)
    for (const id of [...(node.children ?? [])].reverse()) {
      const child = byId.get(id)
      if (child) pending.push({ node: child, parent: number })
    }
  }
  return numbers
}

interface TimedSample {
  readonly id: number
  readonly at: number
}

/** V8 writes down samples of its two clocks out of order at times, with deltas below 0. */
function inOrder(profile: AnyCpuProfile): TimedSample[] {
  let at = profile.startTime
  const samples = profile.samples.map((id, index) => {
    at += profile.timeDeltas[index] ?? 0
    return { id, at }
  })
  return samples.sort((one, other) => one.at - other.at)
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null
  return [...values].sort((one, other) => one - other)[values.length >> 1] as number
}

/**
 * The stacks of a CPU profile, in µs. A sample weighs the time until the next one, the last the time until
 * the end.
 */
export function cpuProfileTree(profile: AnyCpuProfile): StackTree {
  const builder = new StackTreeBuilder('microseconds')
  const numbers = addNodes(builder, profile)
  const atRoot = (): number =>
    builder.node(
      NO_NODE,
      builder.frame(
        v8Frame({
          ...{ functionName: '(program)', scriptId: '0', url: '' },
          ...{ lineNumber: -1, columnNumber: -1 },
        }),
      ),
    )
  const samples = inOrder(profile)
  const weights = samples.map(({ at }, index) =>
    Math.max((samples[index + 1]?.at ?? profile.endTime) - at, 0),
  )
  for (const [index, { id }] of samples.entries()) {
    const number = numbers.get(id) ?? NO_NODE
    builder.sample(number === NO_NODE ? atRoot() : number, weights[index] as number)
  }
  return builder.build(median(weights), profile.threadmeter ?? null)
}
