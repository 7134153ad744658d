import { NO_NODE, type StackTree } from './stack-tree.js'

export interface Visit {
  readonly node: number
  /** 1 for the outermost calls. */
  readonly depth: number
}

/**
 * The nodes depth first, each before what it calls. `lastFirst` orders the calls of one node, the last one
 * of them first; without it they come in the order of their numbers.
 */
export function depthFirst(
  tree: StackTree,
  isWanted: (node: number) => boolean,
  lastFirst = (one: number, other: number): number => other - one,
): Visit[] {
  const children = new Map<number, number[]>()
  for (const [node, parent] of tree.parents.entries()) {
    if (!isWanted(node)) continue
    const list = children.get(parent)
    if (list) list.push(node)
    else children.set(parent, [node])
  }
  for (const list of children.values()) list.sort(lastFirst)
  const order: Visit[] = []
  const pending = (children.get(NO_NODE) ?? []).map((node) => ({ node, depth: 1 }))
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { node, depth } = next
    order.push(next)
    for (const child of children.get(node) ?? []) pending.push({ node: child, depth: depth + 1 })
  }
  return order
}
