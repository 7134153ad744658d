import type { PageElement } from './dom.js'
import { element, make } from './elements.js'
import type { Store } from './state.js'
import { percentText } from './units.js'

/** Of each group, what its functions used themselves in the whole profile, idle time included. */
function weightsOf(store: Store): Float64Array {
  const { data } = store.tree
  const weights = new Float64Array(data.groups.length)
  for (const [node, frame] of data.nodes.frame.entries()) {
    if (node === 0) continue
    const group = data.frames.group[frame] as number
    weights[group] = (weights[group] as number) + (data.nodes.self[node] as number)
  }
  return weights
}

/** What the colours mean, and their shares; picking one marks its functions. */
export function legend(store: Store): void {
  const { data } = store.tree
  const weights = weightsOf(store)
  const all = weights.reduce((sum, weight) => sum + weight, 0)
  const buttons = data.groups.map(({ label, colour }, group): PageElement => {
    const swatch = make('span', 'swatch')
    swatch.style.background = `var(--${colour})`
    const share = make('span', 'share', percentText((weights[group] as number) / all))
    const button = make('button', 'group', swatch, make('span', 'label', label), share)
    button.addEventListener('click', () => pick(store, group))
    return button
  })
  element('legend').replaceChildren(...buttons.map((button) => make('li', '', button)))
  store.show(({ markedBy }) => {
    for (const [group, button] of buttons.entries()) {
      button.setAttribute('aria-pressed', String(markedBy === `group ${group}`))
    }
  })
}

function pick(store: Store, group: number): void {
  const markedBy = `group ${group}`
  if (store.state.markedBy === markedBy) {
    store.set({ marked: null, markedBy: '' })
    return
  }
  const marked = Uint8Array.from(store.tree.data.frames.group, (of) => (of === group ? 1 : 0))
  store.set({ marked, markedBy })
}
