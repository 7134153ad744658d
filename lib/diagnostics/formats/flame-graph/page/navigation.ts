import type { State } from './state.js'
import type { Tree } from './tree.js'

const hasWeight = (tree: Tree, node: number): boolean => (tree.total[node] as number) > 0

const isOnWay = (tree: Tree, node: number, root: number): boolean =>
  node < root && (tree.end[node] as number) > root

function firstChild(tree: Tree, node: number, root: number): number {
  if (isOnWay(tree, node, root)) {
    let at = root
    while (tree.parent[at] !== node) at = tree.parent[at] as number
    return at
  }
  const end = tree.end[node] as number
  for (let at = node + 1; at < end; at = tree.end[at] as number) {
    if (hasWeight(tree, at)) return at
  }
  return node
}

/** The next node of the same row, to the right or to the left. */
function beside(tree: Tree, node: number, root: number, step: 1 | -1): number {
  if (node <= root) return node
  const depth = tree.depth[node]
  const end = tree.end[root] as number
  for (let at = node + step; at > root && at < end; at += step) {
    if (tree.depth[at] === depth && hasWeight(tree, at)) return at
  }
  return node
}

/** Where a key leads from a node; null for keys that lead nowhere. */
export function stepFrom(tree: Tree, state: State, node: number, key: string): number | null {
  const { root, isIcicle } = state
  const inward = isIcicle ? 'ArrowDown' : 'ArrowUp'
  const outward = isIcicle ? 'ArrowUp' : 'ArrowDown'
  switch (key) {
    case inward:
      return firstChild(tree, node, root)
    case outward:
      return Math.max(tree.parent[node] as number, 0)
    case 'ArrowRight':
      return beside(tree, node, root, 1)
    case 'ArrowLeft':
      return beside(tree, node, root, -1)
    case 'Home':
      return root
    default:
      return null
  }
}
