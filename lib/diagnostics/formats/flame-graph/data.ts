import { depthFirst, type Visit } from '../depth-first.js'
import { NO_NODE, type StackTree, selfWeights } from '../stack-tree.js'
import { groupFrames } from './groups.js'
import type { PageData } from './page/data.js'

const MOST_HOT_LINES = 3

class Strings {
  readonly list: string[] = []
  readonly #known = new Map<string, number>()

  indexOf(text: string): number {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    this.#known.set(text, this.list.length)
    return this.list.push(text) - 1
  }
}

/** Of each node, with what is below it. */
function totals(tree: StackTree, self: Float64Array): Float64Array {
  const total = self.slice()
  for (let node = total.length - 1; node >= 0; node--) {
    const parent = tree.parents[node] as number
    if (parent !== NO_NODE) total[parent] = (total[parent] as number) + (total[node] as number)
  }
  return total
}

/** The nodes depth first; calls of one node by their weight, idle time last. */
function inOrder(tree: StackTree, total: Float64Array): Visit[] {
  const isIdle = (node: number): boolean =>
    tree.frames[tree.nodeFrames[node] as number]?.category === 'idle'
  return depthFirst(
    tree,
    (node) => (total[node] as number) > 0,
    (one, other) =>
      Number(isIdle(other)) - Number(isIdle(one)) ||
      (total[one] as number) - (total[other] as number),
  )
}

/** The lines on which each frame was seen most: line, samples, line, samples, .. */
function hotLines(tree: StackTree): { hot: number[][]; ticks: number[] } {
  const perFrame: Map<number, number>[] = tree.frames.map(() => new Map())
  for (const [node, lines] of tree.lines.entries()) {
    const ofFrame = perFrame[tree.nodeFrames[node] as number] as Map<number, number>
    for (const { line, ticks } of lines) ofFrame.set(line, (ofFrame.get(line) ?? 0) + ticks)
  }
  return {
    hot: perFrame.map((lines) =>
      [...lines]
        .sort(([, one], [, other]) => other - one)
        .slice(0, MOST_HOT_LINES)
        .flat(),
    ),
    ticks: perFrame.map((lines) => [...lines.values()].reduce((sum, ticks) => sum + ticks, 0)),
  }
}

/** What the page is given of a tree: only what has a weight, in columns of small numbers. */
export function pageData(tree: StackTree): PageData {
  const { counts, weights } = selfWeights(tree)
  const order = inOrder(tree, totals(tree, weights))
  const strings = new Strings()
  const { groups, frameGroups } = groupFrames(tree)
  const isTime = tree.unit === 'microseconds'
  return {
    unit: tree.unit,
    groups,
    frames: {
      name: tree.frames.map(({ functionName }) => strings.indexOf(functionName)),
      file: tree.frames.map(({ file }) => strings.indexOf(file)),
      line: tree.frames.map(({ lineNumber }) => lineNumber),
      group: frameGroups,
      ...hotLines(tree),
    },
    nodes: {
      depth: [0, ...order.map(({ depth }) => depth)],
      frame: [0, ...order.map(({ node }) => tree.nodeFrames[node] as number)],
      self: [0, ...order.map(({ node }) => weights[node] as number)],
      samples: [0, ...order.map(({ node }) => (isTime ? (counts[node] as number) : 0))],
    },
    strings: strings.list,
  }
}
