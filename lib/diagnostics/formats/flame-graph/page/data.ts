/** What a colour stands for. `package`: one with a colour of its own. */
export type GroupKind =
  | 'app'
  | 'package'
  | 'packages'
  | 'node'
  | 'native'
  | 'kernel'
  | 'gc'
  | 'program'
  | 'idle'

export interface PageGroup {
  readonly kind: GroupKind
  readonly label: string
  /** The name of its colour among the variables of the style. */
  readonly colour: string
}

/**
 * What the page is given: numbers in columns, texts by their place in `strings`. Node 0 is all of the
 * profile; nodes follow in depth-first order, so that depths alone make the tree.
 */
export interface PageData {
  readonly unit: 'microseconds' | 'bytes'
  readonly strings: readonly string[]
  readonly groups: readonly PageGroup[]
  readonly frames: {
    readonly name: readonly number[]
    readonly file: readonly number[]
    readonly line: readonly number[]
    readonly group: readonly number[]
    /** The lines seen most, of each frame: line, samples, line, samples, .. */
    readonly hot: readonly (readonly number[])[]
    /** Samples with a known line, of each frame. */
    readonly ticks: readonly number[]
  }
  readonly nodes: {
    readonly depth: readonly number[]
    readonly frame: readonly number[]
    readonly self: readonly number[]
    readonly samples: readonly number[]
  }
}
