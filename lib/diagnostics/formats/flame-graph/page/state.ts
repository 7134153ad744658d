import { requestAnimationFrame } from './dom.js'
import { findMatches, type Matches } from './search.js'
import { type Tree, weigh } from './tree.js'

export interface State {
  /** What the graph is zoomed to. */
  readonly root: number
  /** What is described, and where the keyboard is; -1: nothing. */
  readonly selected: number
  /** Of each frame: 1 where it stands out; null: all are alike. */
  readonly marked: Uint8Array | null
  /** What the marks come from: a search, or the name of what was picked. */
  readonly markedBy: string
  readonly withIdle: boolean
  readonly isIcicle: boolean
}

/** The state of the page, and who shows it. */
export class Store {
  readonly tree: Tree
  #state: State
  #matches: Matches | null = null
  #isDue = false
  readonly #views: ((state: State, before: State) => void)[] = []
  #shown: State

  constructor(tree: Tree, state: State) {
    this.tree = tree
    this.#state = state
    this.#shown = state
    weigh(tree, state.withIdle)
  }

  get state(): State {
    return this.#state
  }

  /** What is marked under the root of the view. */
  get matches(): Matches | null {
    const { marked, root } = this.#state
    if (marked === null) return null
    this.#matches ??= findMatches(this.tree, marked, root)
    return this.#matches
  }

  /** Called with the state at first, and whenever it has changed, once for each frame of the screen. */
  show(view: (state: State, before: State) => void): void {
    this.#views.push(view)
    view(this.#state, this.#state)
  }

  set(changes: Partial<State>): void {
    const before = this.#state
    this.#state = { ...before, ...changes }
    if (before.withIdle !== this.#state.withIdle) weigh(this.tree, this.#state.withIdle)
    this.#matches = null
    if (this.#isDue) return
    this.#isDue = true
    requestAnimationFrame(() => {
      this.#isDue = false
      const shown = this.#shown
      this.#shown = this.#state
      for (const view of this.#views) view(this.#state, shown)
    })
  }
}
