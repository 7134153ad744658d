import { describe, sentenceOf } from './describe.js'
import { matchMedia, type PageElement, ResizeObserver, type UserEvent, window } from './dom.js'
import { element } from './elements.js'
import { contentHeight, nodeAt, ROW_HEIGHT, rowsOf, rowTop, type View } from './layout.js'
import { stepFrom } from './navigation.js'
import { Painter } from './paint.js'
import type { State, Store } from './state.js'

const ROWS_ABOVE = 3
const POINTER_GAP = 14

/** The graph itself: a canvas as large as what is seen of it, before rows that are scrolled. */
export class Graph {
  readonly #store: Store
  readonly #scroller = element('graph')
  readonly #canvas = element('canvas')
  readonly #rows = element('rows')
  readonly #tip = element('tip')
  readonly #spoken = element('spoken')
  readonly #painter: Painter
  #count = 1
  #height = 0
  #hovered = -1

  constructor(store: Store) {
    this.#store = store
    this.#painter = new Painter(this.#canvas.getContext('2d'), store.tree)
    this.#listen()
    new ResizeObserver(() => this.#resize()).observe(this.#scroller)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#painter.refreshColours()
      this.#paint()
    })
    this.#resize()
    store.show((state, before) => this.#update(state, before))
  }

  focus(): void {
    this.#canvas.focus()
  }

  #view(): View {
    const { root, isIcicle } = this.#store.state
    const { clientWidth: width, clientHeight: height, scrollTop } = this.#scroller
    return { tree: this.#store.tree, root, width, height, scrollTop, isIcicle }
  }

  #resize(): void {
    const { clientWidth, clientHeight } = this.#scroller
    const ratio = window.devicePixelRatio
    this.#canvas.width = Math.round(clientWidth * ratio)
    this.#canvas.height = Math.round(clientHeight * ratio)
    this.#canvas.style.width = `${clientWidth}px`
    this.#canvas.style.height = `${clientHeight}px`
    const { scrollTop } = this.#scroller
    this.#measure()
    // What stands at the bottom stays there.
    const grown = clientHeight - this.#height
    if (!this.#store.state.isIcicle) this.#scroller.scrollTop = scrollTop - grown
    this.#height = clientHeight
    this.#paint()
  }

  #measure(): void {
    const view = this.#view()
    this.#count = rowsOf(view)
    // What lies behind the canvas, which stands in the same flow, is the rest of the rows.
    const rest = contentHeight(this.#count, view.height) - view.height
    this.#rows.style.height = `${rest}px`
  }

  #update(state: State, before: State): void {
    this.#measure()
    const isFirst = state === before
    const isOther = state.root !== before.root || state.isIcicle !== before.isIcicle
    if (isFirst || isOther || state.withIdle !== before.withIdle) this.#scrollTo(state.root)
    else if (state.selected !== before.selected) this.#reveal(state.selected)
    if (state.selected !== before.selected && state.selected >= 0) {
      this.#spoken.textContent = sentenceOf(this.#store.tree, state.selected)
    }
    this.#hover(-1)
    this.#paint()
  }

  /** Brings the root of the view to where reading begins. */
  #scrollTo(root: number): void {
    const view = this.#view()
    const top = rowTop(view, this.#store.tree.depth[root] as number, this.#count)
    const lead = ROWS_ABOVE * ROW_HEIGHT
    this.#scroller.scrollTop = view.isIcicle ? top - lead : top + ROW_HEIGHT + lead - view.height
  }

  #reveal(node: number): void {
    if (node < 0) return
    const view = this.#view()
    const top = rowTop(view, this.#store.tree.depth[node] as number, this.#count)
    const most = top - ROW_HEIGHT
    const least = top + 2 * ROW_HEIGHT - view.height
    if (view.scrollTop > most) this.#scroller.scrollTop = most
    else if (view.scrollTop < least) this.#scroller.scrollTop = least
  }

  #paint(): void {
    const { marked, selected } = this.#store.state
    this.#painter.paint(this.#view(), this.#count, { marked, selected, hovered: this.#hovered })
  }

  #nodeUnder(event: UserEvent): number {
    const { left, top } = this.#canvas.getBoundingClientRect()
    return nodeAt(this.#view(), event.clientX - left, event.clientY - top, this.#count)
  }

  #listen(): void {
    const canvas = this.#canvas
    this.#scroller.addEventListener('scroll', () => {
      this.#hover(-1)
      this.#paint()
    })
    canvas.addEventListener('mousemove', (event) => {
      const node = this.#nodeUnder(event)
      this.#hover(node)
      if (node >= 0) this.#placeTip(event)
    })
    canvas.addEventListener('mouseleave', () => this.#hover(-1))
    canvas.addEventListener('click', (event) => this.#zoom(this.#nodeUnder(event)))
    canvas.addEventListener('keydown', (event) => this.#key(event))
  }

  #zoom(node: number): void {
    if (node < 0) return
    if ((this.#store.tree.total[node] as number) > 0)
      this.#store.set({ root: node, selected: node })
  }

  #hover(node: number): void {
    if (node === this.#hovered) return
    this.#hovered = node
    this.#canvas.style.cursor = node < 0 ? 'default' : 'pointer'
    this.#tip.hidden = node < 0
    if (node >= 0) {
      this.#tip.replaceChildren(...describe(this.#store.tree, node, this.#store.state.root))
    }
    this.#paint()
  }

  #placeTip({ clientX, clientY }: UserEvent): void {
    const { offsetWidth, offsetHeight, style } = this.#tip as PageElement
    const fitsRight = clientX + POINTER_GAP + offsetWidth < window.innerWidth
    const fitsBelow = clientY + POINTER_GAP + offsetHeight < window.innerHeight
    const x = fitsRight ? clientX + POINTER_GAP : clientX - POINTER_GAP - offsetWidth
    const y = fitsBelow ? clientY + POINTER_GAP : clientY - POINTER_GAP - offsetHeight
    style.transform = `translate(${Math.max(x, 4)}px, ${Math.max(y, 4)}px)`
  }

  #key(event: UserEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const { tree, state } = this.#store
    const selected = state.selected < 0 ? state.root : state.selected
    if (event.key === 'Enter' || event.key === ' ') this.#zoom(selected)
    else if (event.key === 'Backspace') this.#zoom(tree.parent[state.root] as number)
    else {
      const next = stepFrom(tree, state, selected, event.key)
      if (next === null) return
      this.#store.set({ selected: next })
    }
    event.preventDefault()
  }
}
