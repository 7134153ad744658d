import { describe } from './describe.js'
import type { PageElement } from './dom.js'
import { element, make } from './elements.js'
import type { Store } from './state.js'
import { pathOf, titleOf } from './tree.js'

const MOST_CRUMBS = 6

/** The way from the whole to what is zoomed to; its middle is left out where it is long. */
export function trail(store: Store): void {
  const { tree } = store
  const crumb = (node: number): PageElement => {
    const button = make('button', 'crumb', titleOf(tree, node))
    if (node === store.state.root) button.setAttribute('aria-current', 'true')
    button.addEventListener('click', () => store.set({ root: node, selected: node }))
    return make('li', '', button)
  }
  store.show(({ root }, before) => {
    if (root === before.root && root !== 0) return
    const path = pathOf(tree, root)
    const isLong = path.length > MOST_CRUMBS
    const shown = isLong ? [path[0] as number, ...path.slice(2 - MOST_CRUMBS)] : path
    const items = shown.map(crumb)
    if (isLong) items.splice(1, 0, make('li', 'left-out', `… ${path.length - shown.length} more`))
    element('trail').replaceChildren(...items)
  })
}

/** The description of what is selected. */
export function selection(store: Store): void {
  store.show(({ selected, root }) => {
    const node = selected < 0 ? root : selected
    element('selected').replaceChildren(...describe(store.tree, node, root))
  })
}
