import type { Tree } from './tree.js'

export const ROW_HEIGHT = 20

/** What of the tree is to be seen: all of it under `root`, with the way to it above. */
export interface View {
  readonly tree: Tree
  readonly root: number
  /** In CSS pixels. */
  readonly width: number
  readonly height: number
  readonly scrollTop: number
  /** Whether the outermost calls are at the top. */
  readonly isIcicle: boolean
}

export interface Box {
  readonly node: number
  readonly x: number
  readonly y: number
  readonly width: number
}

/** Narrower than this, in pixels, nothing is drawn of its own. */
const NARROWEST = 0.5

export const rowsOf = ({ tree, root }: View): number => {
  let deepest = tree.depth[root] as number
  const end = tree.end[root] as number
  for (let node = root; node < end; node++) {
    if ((tree.total[node] as number) > 0) deepest = Math.max(deepest, tree.depth[node] as number)
  }
  return deepest + 1
}

/** The height of all rows: that of what is scrolled. */
export const contentHeight = (rows: number, height: number): number =>
  Math.max(rows * ROW_HEIGHT, height)

/** The distance of a row from the upper edge of all rows. */
export function rowTop(view: View, depth: number, rows: number): number {
  if (view.isIcicle) return depth * ROW_HEIGHT
  return contentHeight(rows, view.height) - (depth + 1) * ROW_HEIGHT
}

/** The row at a distance from the upper edge of all rows. */
export function depthAt(view: View, y: number, rows: number): number {
  const fromEdge = view.isIcicle ? y : contentHeight(rows, view.height) - y
  return Math.floor(fromEdge / ROW_HEIGHT)
}

/** What a node takes of the width; those on the way to the root of the view take all of it. */
export function span({ tree, root, width }: View, node: number): { x: number; width: number } {
  if (node <= root && (tree.end[node] as number) > root) return { x: 0, width }
  const scale = width / (tree.total[root] as number)
  return {
    x: ((tree.start[node] as number) - (tree.start[root] as number)) * scale,
    width: (tree.total[node] as number) * scale,
  }
}

function wayTo(tree: Tree, root: number): number[] {
  const way: number[] = []
  for (let at = tree.parent[root] as number; at >= 0; at = tree.parent[at] as number) way.push(at)
  return way
}

/** The boxes to draw, in no order that matters. Subtrees too narrow to be seen are passed over whole. */
export function visibleBoxes(view: View, rows: number): Box[] {
  const { tree, root, scrollTop, height } = view
  const one = depthAt(view, scrollTop, rows)
  const other = depthAt(view, scrollTop + height, rows)
  const [first, last] = [Math.min(one, other) - 1, Math.max(one, other) + 1]
  const boxes: Box[] = []
  const add = (node: number): void => {
    const depth = tree.depth[node] as number
    if (depth < first || depth > last) return
    boxes.push({ node, ...span(view, node), y: rowTop(view, depth, rows) - scrollTop })
  }
  wayTo(tree, root).forEach(add)
  if ((tree.total[root] as number) === 0) return boxes
  const painted = new Float64Array(tree.deepest + 1).fill(-1)
  const scale = view.width / (tree.total[root] as number)
  const end = tree.end[root] as number
  let node = root
  while (node < end) {
    const depth = tree.depth[node] as number
    const width = (tree.total[node] as number) * scale
    if (depth > last || width === 0) {
      node = tree.end[node] as number
    } else if (width < NARROWEST) {
      // Many narrow ones in a row: one hair for each pixel says that there is something.
      const x = Math.floor(span(view, node).x)
      if (x > (painted[depth] as number)) {
        painted[depth] = x
        add(node)
      }
      node = tree.end[node] as number
    } else {
      add(node)
      node++
    }
  }
  return boxes
}

/** The node at a point of the view, or -1. */
export function nodeAt(view: View, x: number, y: number, rows: number): number {
  const { tree, root } = view
  const wanted = depthAt(view, y + view.scrollTop, rows)
  const rootDepth = tree.depth[root] as number
  if (wanted < 0 || x < 0 || x > view.width) return -1
  if (wanted <= rootDepth) {
    let at = root
    while ((tree.depth[at] as number) > wanted) at = tree.parent[at] as number
    return at
  }
  const weight = (tree.start[root] as number) + (x / view.width) * (tree.total[root] as number)
  let node = root + 1
  const end = tree.end[root] as number
  while (node < end) {
    const start = tree.start[node] as number
    const isHere = weight >= start && weight < start + (tree.total[node] as number)
    if (!isHere) node = tree.end[node] as number
    else if ((tree.depth[node] as number) === wanted) return node
    else node++
  }
  return -1
}
