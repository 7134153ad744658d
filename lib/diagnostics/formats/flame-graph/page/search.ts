import { nameOf, placeOf, type Tree } from './tree.js'

/** What is looked for; null: nothing. */
export type Matcher = ((text: string) => boolean) | null

/** A test for names and places. Throws a SyntaxError where a regular expression is none. */
export function matcherFor(text: string, isRegex: boolean): Matcher {
  if (text === '') return null
  if (isRegex) {
    const expression = new RegExp(text, 'i')
    return (candidate) => expression.test(candidate)
  }
  const lower = text.toLowerCase()
  return (candidate) => candidate.toLowerCase().includes(lower)
}

/** Of each frame: 1 where its name or its place matches. */
export function matchingFrames(tree: Tree, matches: Matcher): Uint8Array | null {
  if (matches === null) return null
  return Uint8Array.from(tree.data.frames.name, (_, frame) =>
    matches(`${nameOf(tree, frame)} ${placeOf(tree, frame)}`) ? 1 : 0,
  )
}

export interface Matches {
  /** The nodes, the heaviest first. */
  readonly nodes: readonly number[]
  readonly functions: number
  /** Of all stacks with at least one match. */
  readonly weight: number
}

/** What matches under `root`. */
export function findMatches(tree: Tree, marked: Uint8Array, root: number): Matches {
  const nodes: number[] = []
  const functions = new Set<number>()
  let weight = 0
  let countedTo = 0
  const end = tree.end[root] as number
  for (let node = Math.max(root, 1); node < end; node++) {
    const frame = tree.frame[node] as number
    const total = tree.total[node] as number
    if (marked[frame] !== 1 || total === 0) continue
    nodes.push(node)
    functions.add(frame)
    if (node < countedTo) continue
    weight += total
    countedTo = tree.end[node] as number
  }
  nodes.sort((one, other) => (tree.total[other] as number) - (tree.total[one] as number))
  return { nodes, functions: functions.size, weight }
}
