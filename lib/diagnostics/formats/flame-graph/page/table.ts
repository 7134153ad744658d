import { document, type PageElement } from './dom.js'
import { element, make } from './elements.js'
import type { Store } from './state.js'
import {
  type FunctionWeight,
  functionsUnder,
  groupOf,
  nameOf,
  placeOf,
  shortPlaceOf,
} from './tree.js'
import { percentText, weightText } from './units.js'

const MOST_ROWS = 200

type Order = 'name' | 'self' | 'total'

interface Row {
  readonly frame: number
  readonly row: PageElement
  readonly button: PageElement
}

/** The functions of the view, sortable; picking one marks all its calls. */
export class FunctionTable {
  readonly #store: Store
  readonly #body = element('functions')
  readonly #note = element('functions-note')
  readonly #heads: ReadonlyMap<Order, PageElement>
  #order: Order = 'self'
  #isAscending = false
  #rows: readonly Row[] = []

  constructor(store: Store) {
    this.#store = store
    this.#heads = new Map(
      (['name', 'self', 'total'] as const).map((order) => [order, element(`by-${order}`)]),
    )
    for (const [order, head] of this.#heads) {
      head.addEventListener('click', () => this.#sortBy(order))
    }
    this.#body.addEventListener('click', ({ target }) => this.#pick(target as PageElement))
    store.show((state, before) => {
      const isSearch = state.markedBy === 'search' || before.markedBy === 'search'
      const isOther = state.root !== before.root || state.withIdle !== before.withIdle
      const isFirst = state === before
      if (isFirst || isOther || (isSearch && state.marked !== before.marked)) this.#fill()
      // The rows stay: one of their buttons may have the focus.
      else for (const row of this.#rows) this.#showMark(row)
    })
  }

  #sortBy(order: Order): void {
    this.#isAscending = this.#order === order ? !this.#isAscending : order === 'name'
    this.#order = order
    this.#fill()
  }

  #sorted(functions: FunctionWeight[]): FunctionWeight[] {
    const { tree } = this.#store
    const sign = this.#isAscending ? 1 : -1
    const order = this.#order
    const byName = (one: FunctionWeight, other: FunctionWeight): number =>
      nameOf(tree, one.frame).localeCompare(nameOf(tree, other.frame))
    if (order === 'name') return functions.sort((one, other) => sign * byName(one, other))
    return functions.sort(
      (one, other) => sign * (one[order] - other[order]) || other.total - one.total,
    )
  }

  /** While a search runs, what it found; otherwise all. */
  #wanted(): FunctionWeight[] {
    const { marked, markedBy, root } = this.#store.state
    const functions = functionsUnder(this.#store.tree, root)
    if (marked === null || markedBy !== 'search') return functions
    return functions.filter(({ frame }) => marked[frame] === 1)
  }

  #fill(): void {
    const wanted = this.#sorted(this.#wanted())
    const shown = wanted.slice(0, MOST_ROWS)
    this.#rows = shown.map((weight) => this.#row(weight))
    this.#body.replaceChildren(...this.#rows.map(({ row }) => row))
    const { length } = wanted
    this.#note.hidden = length <= MOST_ROWS && length > 0
    this.#note.textContent =
      length === 0 ? 'No functions.' : `The first ${MOST_ROWS} of ${length.toLocaleString('en')}.`
    for (const [order, head] of this.#heads) {
      const direction = this.#isAscending ? 'ascending' : 'descending'
      head.closest('th')?.setAttribute('aria-sort', order === this.#order ? direction : 'none')
    }
  }

  #showMark({ frame, row, button }: Row): void {
    const isMarked = this.#store.state.markedBy === `function ${frame}`
    button.setAttribute('aria-pressed', String(isMarked))
    row.classList.toggle('marked', isMarked)
  }

  #row({ frame, self, total }: FunctionWeight): Row {
    const { tree, state } = this.#store
    const { unit } = tree.data
    const whole = tree.total[state.root] as number
    const swatch = make('span', 'swatch')
    swatch.style.background = `var(--${groupOf(tree, frame).colour})`
    const button = make('button', 'function', swatch, make('span', 'name', nameOf(tree, frame)))
    button.dataset.frame = String(frame)
    const place = make('span', 'place', shortPlaceOf(tree, frame) || groupOf(tree, frame).label)
    button.append(place)
    button.title = `${nameOf(tree, frame)}\n${placeOf(tree, frame)}`
    const cell = (weight: number): PageElement => {
      const share = weight / whole
      const figures = [
        make('span', 'weight', weightText(unit, weight)),
        make('span', 'share', percentText(share)),
      ]
      const made = make('td', 'figure', ...figures)
      made.style.backgroundSize = `${(share * 100).toFixed(2)}% 3px`
      return made
    }
    const row = document.createElement('tr')
    const head = make('th', '', button)
    head.setAttribute('scope', 'row')
    row.append(head, cell(self), cell(total))
    this.#showMark({ frame, row, button })
    return { frame, row, button }
  }

  #pick(target: PageElement): void {
    const frame = target.closest('button')?.dataset.frame
    if (frame === undefined) return
    const markedBy = `function ${frame}`
    if (this.#store.state.markedBy === markedBy) {
      this.#store.set({ marked: null, markedBy: '' })
      return
    }
    const marked = new Uint8Array(this.#store.tree.data.frames.name.length)
    marked[Number(frame)] = 1
    this.#store.set({ marked, markedBy })
    // The heaviest of its calls, which is brought into view.
    const heaviest = this.#store.matches?.nodes[0]
    if (heaviest !== undefined) this.#store.set({ selected: heaviest })
  }
}
