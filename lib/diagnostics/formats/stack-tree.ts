import type { CaptureDetails } from '../model.js'

/** What a frame belongs to. `program` is V8's name for a thread that runs outside JavaScript. */
export const FRAME_CATEGORIES = ['js', 'node', 'native', 'kernel', 'gc', 'program', 'idle'] as const

export type FrameCategory = (typeof FRAME_CATEGORIES)[number]

/** One function. Lines and columns count from 1; 0 where they are not known. */
export interface TreeFrame {
  readonly functionName: string
  /** A path, a URL, the name of a library; empty where there is none. */
  readonly file: string
  readonly lineNumber: number
  readonly columnNumber: number
  readonly category: FrameCategory
}

/** How often a node was seen on a line of its function, of all samples in which it was innermost. */
export interface LineTicks {
  readonly line: number
  readonly ticks: number
}

/** What samples weigh: time on the clock, or memory. */
export type WeightUnit = 'microseconds' | 'bytes'

/** No node: what the outermost calls have for a parent. */
export const NO_NODE = -1

/**
 * Weighted stacks as a tree, wherever they come from: what every format is written from. A node is a call
 * path; parents come before their children.
 */
export interface StackTree {
  readonly unit: WeightUnit
  readonly frames: readonly TreeFrame[]
  /** Of each node: its parent, or {@link NO_NODE}. */
  readonly parents: readonly number[]
  /** Of each node: its frame. */
  readonly nodeFrames: readonly number[]
  /** Of each node: on which lines it was seen; none where that is not known. */
  readonly lines: readonly (readonly LineTicks[])[]
  /** The node of each sample; of time, in its order. */
  readonly samples: readonly number[]
  /** What each sample weighs. */
  readonly weights: readonly number[]
  /** Median between samples, in `unit`; null where that says nothing. */
  readonly period: number | null
  /** Null for profiles that somebody else took. */
  readonly details: CaptureDetails | null
}

// Node and frame numbers in one key of a map: exact as long as both stay below 2^26.
const KEY_BASE = 2 ** 26

/** Builds a {@link StackTree}: frames that are equal, and calls of equal frames from one node, become one. */
export class StackTreeBuilder {
  readonly #unit: WeightUnit
  readonly #frames: TreeFrame[] = []
  readonly #frameKeys = new Map<string, number>()
  readonly #parents: number[] = []
  readonly #nodeFrames: number[] = []
  readonly #nodeKeys = new Map<number, number>()
  readonly #lines: LineTicks[][] = []
  readonly #samples: number[] = []
  readonly #weights: number[] = []

  constructor(unit: WeightUnit) {
    this.#unit = unit
  }

  /** The number of a frame. */
  frame(frame: TreeFrame): number {
    const { functionName, file, lineNumber, columnNumber, category } = frame
    const key = [functionName, file, lineNumber, columnNumber, category].join('\0')
    const known = this.#frameKeys.get(key)
    if (known !== undefined) return known
    this.#frameKeys.set(key, this.#frames.length)
    return this.#frames.push(frame) - 1
  }

  /** The node for a call of a frame from `parent`. */
  node(parent: number, frame: number): number {
    const key = (parent + 1) * KEY_BASE + frame
    const known = this.#nodeKeys.get(key)
    if (known !== undefined) return known
    this.#nodeKeys.set(key, this.#parents.length)
    this.#nodeFrames.push(frame)
    this.#lines.push([])
    return this.#parents.push(parent) - 1
  }

  /** A moment at which `node` was innermost. */
  sample(node: number, weight: number): void {
    this.#samples.push(node)
    this.#weights.push(weight)
  }

  /** Adds to the lines on which `node` was seen. */
  ticks(node: number, ticks: readonly LineTicks[]): void {
    this.#lines[node]?.push(...ticks)
  }

  build(period: number | null, details: CaptureDetails | null): StackTree {
    return {
      unit: this.#unit,
      frames: this.#frames,
      parents: this.#parents,
      nodeFrames: this.#nodeFrames,
      lines: this.#lines,
      samples: this.#samples,
      weights: this.#weights,
      period,
      details,
    }
  }
}

/** Of each node: the samples in which it was innermost, and their weight. */
export function selfWeights(tree: StackTree): { counts: Float64Array; weights: Float64Array } {
  const counts = new Float64Array(tree.parents.length)
  const weights = new Float64Array(tree.parents.length)
  for (const [at, node] of tree.samples.entries()) {
    counts[node] = (counts[node] as number) + 1
    weights[node] = (weights[node] as number) + (tree.weights[at] as number)
  }
  return { counts, weights }
}

/** The nodes from the outermost call to `node`. */
export function pathTo(tree: StackTree, node: number): number[] {
  const path: number[] = []
  for (let at = node; at !== NO_NODE; at = tree.parents[at] as number) path.push(at)
  return path.reverse()
}
