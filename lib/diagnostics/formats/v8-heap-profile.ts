import type { CaptureDetails, HeapProfile, HeapProfileNode } from '../model.js'
import { NO_NODE, type StackTree, StackTreeBuilder } from './stack-tree.js'
import { v8Frame } from './v8-frame.js'

/** A `.heapprofile`, also one that somebody else took. */
export type AnyHeapProfile = Omit<HeapProfile, 'threadmeter'> & {
  readonly threadmeter?: CaptureDetails
}

/**
 * The stacks of a heap profile, in bytes: one sample for each place that allocated, by V8's estimate of what
 * is there.
 */
export function heapProfileTree(profile: AnyHeapProfile): StackTree {
  const builder = new StackTreeBuilder('bytes')
  const pending: { node: HeapProfileNode; parent: number }[] = [
    { node: profile.head, parent: NO_NODE },
  ]
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { node, parent } = next
    const isRoot = node === profile.head && node.callFrame.functionName === '(root)'
    const isBareRoot = isRoot && node.selfSize === 0
    const number = isBareRoot
      ? NO_NODE
      : builder.node(parent, builder.frame(v8Frame(node.callFrame)))
    if (node.selfSize > 0) builder.sample(number, node.selfSize)
    const parentOfChildren = isRoot ? NO_NODE : number
    for (const child of [...node.children].reverse())
      pending.push({ node: child, parent: parentOfChildren })
  }
  return builder.build(null, profile.threadmeter ?? null)
}
