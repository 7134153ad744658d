import { document, type UserEvent } from './dom.js'
import { element } from './elements.js'
import { matcherFor, matchingFrames } from './search.js'
import type { Store } from './state.js'
import { countText, percentText } from './units.js'

const search = (): string => element('search').value

function applySearch(store: Store): void {
  const field = element('search')
  try {
    const matches = matcherFor(field.value, element('regex').checked)
    const marked = matchingFrames(store.tree, matches)
    field.setAttribute('aria-invalid', 'false')
    store.set({ marked, markedBy: marked === null ? '' : 'search' })
  } catch (error) {
    field.setAttribute('aria-invalid', 'true')
    store.set({ marked: null, markedBy: '' })
    element('matched').textContent = (error as Error).message
  }
}

export function clearMarks(store: Store): void {
  element('search').value = ''
  element('search').setAttribute('aria-invalid', 'false')
  store.set({ marked: null, markedBy: '' })
}

/** The next of what was found, the heaviest first. */
function nextMatch(store: Store, step: 1 | -1): void {
  const nodes = store.matches?.nodes ?? []
  if (nodes.length === 0) return
  const at = nodes.indexOf(store.state.selected)
  const next = at < 0 ? 0 : (at + step + nodes.length) % nodes.length
  store.set({ selected: nodes[next] as number })
}

function matchedText(store: Store): string {
  const { matches } = store
  if (matches === null) return ''
  const whole = store.tree.total[store.state.root] as number
  const calls = countText(matches.nodes.length, 'frame', 'frames')
  const functions = countText(matches.functions, 'function', 'functions')
  return `${percentText(matches.weight / whole)} matched: ${calls}, ${functions}`
}

function searchKey(store: Store, event: UserEvent): void {
  if (event.key !== 'Enter') return
  event.preventDefault()
  nextMatch(store, event.shiftKey ? -1 : 1)
}

/** Search, and what else can be chosen. */
export function toolbar(store: Store): void {
  const field = element('search')
  field.addEventListener('input', () => applySearch(store))
  field.addEventListener('keydown', (event) => searchKey(store, event))
  element('regex').addEventListener('change', () => applySearch(store))
  element('clear').addEventListener('click', () => clearMarks(store))
  element('idle').addEventListener('change', () =>
    store.set({ withIdle: element('idle').checked, root: 0, selected: -1 }),
  )
  element('flame').addEventListener('change', () =>
    store.set({ isIcicle: !element('flame').checked }),
  )
  element('reset').addEventListener('click', () => store.set({ root: 0, selected: -1 }))
  store.show(({ root, markedBy, withIdle, isIcicle }) => {
    if (markedBy !== 'search' && markedBy !== '') field.value = ''
    if (markedBy !== '' || search() === '') element('matched').textContent = matchedText(store)
    element('clear').hidden = markedBy === '' && search() === ''
    element('reset').disabled = root === 0
    element('idle').checked = withIdle
    element('flame').checked = !isIcicle
  })
}

/** Keys that work wherever the focus is. */
export function pageKeys(store: Store): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const isInSearch = document.activeElement === element('search')
    if (event.key === '/' && !isInSearch) {
      event.preventDefault()
      element('search').focus()
      element('search').select()
    } else if (event.key === 'Escape') {
      event.preventDefault()
      if (isInSearch && search() !== '') clearMarks(store)
      else store.set({ root: 0, selected: -1, marked: null, markedBy: '' })
    }
  })
}
