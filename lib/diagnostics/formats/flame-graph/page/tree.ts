import type { PageData, PageGroup } from './data.js'

/** The call tree as the page works with it. */
export interface Tree {
  readonly data: PageData
  readonly size: number
  readonly deepest: number
  readonly depth: Int32Array
  readonly frame: Int32Array
  readonly parent: Int32Array
  /** Of each node: where its subtree ends, the number behind its last descendant. */
  readonly end: Int32Array
  /** What counts of each node alone, and with all below it; idle time only where it is shown. */
  readonly self: Float64Array
  readonly total: Float64Array
  /** Where each node begins, as weight from the left. */
  readonly start: Float64Array
  /** Whether there is idle time that does not count. */
  isIdleHidden: boolean
}

export const nameOf = ({ data }: Tree, frame: number): string =>
  data.strings[data.frames.name[frame] as number] as string

export const fileOf = ({ data }: Tree, frame: number): string =>
  data.strings[data.frames.file[frame] as number] as string

export const lineOf = ({ data }: Tree, frame: number): number => data.frames.line[frame] as number

export const groupOf = ({ data }: Tree, frame: number): PageGroup =>
  data.groups[data.frames.group[frame] as number] as PageGroup

/** What a node is called. */
export function titleOf(tree: Tree, node: number): string {
  if (node > 0) return nameOf(tree, tree.frame[node] as number)
  return tree.isIdleHidden ? 'all but idle time' : 'all'
}

/** `file:line`, as far as known. */
export function placeOf(tree: Tree, frame: number): string {
  const line = lineOf(tree, frame)
  return line > 0 ? `${fileOf(tree, frame)}:${line}` : fileOf(tree, frame)
}

/** The last part of the place: what there is room for beside a name. */
export const shortPlaceOf = (tree: Tree, frame: number): string =>
  placeOf(tree, frame).replace(/^.*\/(?=[^/])/, '')

/** The tree from its columns; {@link weigh} must follow. */
export function readTree(data: PageData): Tree {
  const size = data.nodes.depth.length
  const depth = Int32Array.from(data.nodes.depth)
  const parent = new Int32Array(size).fill(-1)
  const end = new Int32Array(size).fill(size)
  const open: number[] = []
  let deepest = 0
  for (let node = 0; node < size; node++) {
    const level = depth[node] as number
    while (open.length > level) end[open.pop() as number] = node
    parent[node] = open.at(-1) ?? -1
    open.push(node)
    deepest = Math.max(deepest, level)
  }
  return {
    ...{ data, size, deepest, depth, parent, end },
    frame: Int32Array.from(data.nodes.frame),
    self: new Float64Array(size),
    total: new Float64Array(size),
    start: new Float64Array(size),
    isIdleHidden: false,
  }
}

const isIdle = (tree: Tree, node: number): boolean =>
  node > 0 && groupOf(tree, tree.frame[node] as number).kind === 'idle'

/** Fills in the weights, with idle time or without. */
export function weigh(tree: Tree, withIdle: boolean): void {
  const { self, total, start, parent, size } = tree
  tree.isIdleHidden = false
  for (let node = 0; node < size; node++) {
    const isHidden = !withIdle && isIdle(tree, node)
    self[node] = isHidden ? 0 : (tree.data.nodes.self[node] as number)
    tree.isIdleHidden ||= isHidden
  }
  total.set(self)
  for (let node = size - 1; node > 0; node--) {
    const above = parent[node] as number
    total[above] = (total[above] as number) + (total[node] as number)
  }
  const next = new Float64Array(size)
  for (let node = 1; node < size; node++) {
    const above = parent[node] as number
    start[node] = next[above] as number
    next[above] = (start[node] as number) + (total[node] as number)
    next[node] = start[node] as number
  }
}

/** A function, wherever it was called from. */
export interface FunctionWeight {
  readonly frame: number
  readonly self: number
  /** With what it called; a call of itself counts once. */
  readonly total: number
}

/** The weights of all functions under `root`. */
export function functionsUnder(tree: Tree, root: number): FunctionWeight[] {
  const count = tree.data.frames.name.length
  const self = new Float64Array(count)
  const total = new Float64Array(count)
  // Where the outermost call of a function ends: what is in there is counted already.
  const countedTo = new Int32Array(count)
  const end = tree.end[root] as number
  for (let node = Math.max(root, 1); node < end; node++) {
    const frame = tree.frame[node] as number
    self[frame] = (self[frame] as number) + (tree.self[node] as number)
    if (node < (countedTo[frame] as number)) continue
    countedTo[frame] = tree.end[node] as number
    total[frame] = (total[frame] as number) + (tree.total[node] as number)
  }
  const functions: FunctionWeight[] = []
  for (let frame = 0; frame < count; frame++) {
    if ((total[frame] as number) === 0) continue
    functions.push({ frame, self: self[frame] as number, total: total[frame] as number })
  }
  return functions
}

/** The nodes from the whole to `node`. */
export function pathOf(tree: Tree, node: number): number[] {
  const path: number[] = []
  for (let at = node; at >= 0; at = tree.parent[at] as number) path.unshift(at)
  return path
}
