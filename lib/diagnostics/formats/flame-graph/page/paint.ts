import { type Canvas2D, document, getComputedStyle, window } from './dom.js'
import { type Box, ROW_HEIGHT, type View, visibleBoxes } from './layout.js'
import { nameOf, shortPlaceOf, type Tree, titleOf } from './tree.js'

/** The colours of the style, which change with the scheme. */
export interface Colours {
  /** Of each group: its shades. */
  readonly groups: readonly (readonly string[])[]
  readonly whole: string
  readonly text: string
  readonly outline: string
}

// How much of the background, or below 0 of the text's colour, is mixed in: neighbours of one colour are
// told apart, and names on them stay legible.
const SHADES = [0, 0.13, -0.05, 0.07]

/** The parts of a colour of the style, `#rrggbb`. */
const partsOf = (colour: string): number[] =>
  [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))

function mixed(colour: string, other: string, amount: number): string {
  const towards = partsOf(other)
  const parts = partsOf(colour).map((part, at) =>
    Math.round(part + ((towards[at] as number) - part) * amount),
  )
  return `rgb(${parts.join(' ')})`
}

/** The shade of each frame, by its name: the same in every profile. */
function shadeNumbers(tree: Tree): Uint8Array {
  return Uint8Array.from(tree.data.frames.name, (_, frame) => {
    let hash = 0
    for (const character of nameOf(tree, frame)) {
      hash = (hash * 31 + (character.codePointAt(0) as number)) | 0
    }
    return Math.abs(hash) % SHADES.length
  })
}

export function readColours({ data }: Tree): Colours {
  const style = getComputedStyle(document.documentElement)
  const value = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  return {
    groups: data.groups.map(({ colour }) =>
      SHADES.map((amount) =>
        mixed(value(colour), value(amount < 0 ? 'on-frame' : 'panel'), Math.abs(amount)),
      ),
    ),
    whole: value('whole'),
    text: value('on-frame'),
    outline: value('text'),
  }
}

const FONT = "12px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
const PADDING = 5
const FADED = 0.22
const ON_THE_WAY = 0.62

export interface Marks {
  readonly marked: Uint8Array | null
  readonly selected: number
  readonly hovered: number
}

/** As much of a text as there are columns for. */
function fitted(text: string, columns: number): string {
  if (text.length <= columns) return text
  return columns < 3 ? '' : `${text.slice(0, columns - 1)}…`
}

/** Draws what a view shows of the tree. */
export class Painter {
  readonly #context: Canvas2D
  readonly #tree: Tree
  readonly #shades: Uint8Array
  #colours: Colours
  #column = 0

  constructor(context: Canvas2D, tree: Tree) {
    this.#context = context
    this.#tree = tree
    this.#shades = shadeNumbers(tree)
    this.#colours = readColours(tree)
  }

  refreshColours(): void {
    this.#colours = readColours(this.#tree)
  }

  paint(view: View, rows: number, marks: Marks): void {
    const context = this.#context
    const ratio = window.devicePixelRatio
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, view.width, view.height)
    context.font = FONT
    context.textBaseline = 'middle'
    this.#column ||= context.measureText('m'.repeat(64)).width / 64
    const boxes = visibleBoxes(view, rows)
    for (const box of boxes) this.#box(box, view, marks)
    for (const box of boxes) {
      if (box.node === marks.selected || box.node === marks.hovered) {
        this.#outline(box, box.node === marks.selected ? 2 : 1)
      }
    }
  }

  #alpha(node: number, view: View, { marked }: Marks): number {
    const frame = this.#tree.frame[node] as number
    if (marked !== null && node > 0) return marked[frame] === 1 ? 1 : FADED
    return node < view.root ? ON_THE_WAY : 1
  }

  #box({ node, x, y, width }: Box, view: View, marks: Marks): void {
    const context = this.#context
    const frame = this.#tree.frame[node] as number
    const group = this.#tree.data.frames.group[frame] as number
    const { groups, whole } = this.#colours
    const shades = groups[group] as readonly string[]
    const shade = shades[this.#shades[frame] as number] as string
    context.fillStyle = node === 0 ? whole : shade
    context.globalAlpha = this.#alpha(node, view, marks)
    // A gap to the next one, as long as something is left.
    context.fillRect(x, y, width > 3 ? width - 1 : Math.max(width, 0.5), ROW_HEIGHT - 1)
    if (width > PADDING * 2 + this.#column * 2) this.#label(node, frame, x, y, width)
    context.globalAlpha = 1
  }

  #label(node: number, frame: number, x: number, y: number, width: number): void {
    const context = this.#context
    const columns = Math.floor((width - PADDING * 2) / this.#column)
    const name = titleOf(this.#tree, node)
    const shown = fitted(name, columns)
    if (shown === '') return
    const alpha = context.globalAlpha
    const middle = y + ROW_HEIGHT / 2
    // Names stay legible where colours fade.
    context.globalAlpha = Math.max(alpha, 0.55)
    context.fillStyle = this.#colours.text
    context.fillText(shown, x + PADDING, middle, width - PADDING)
    const place = node === 0 ? '' : shortPlaceOf(this.#tree, frame)
    const left = columns - name.length - 2
    if (place === '' || left < place.length) return
    context.globalAlpha = alpha * 0.72
    context.fillText(place, x + PADDING + (name.length + 2) * this.#column, middle)
  }

  #outline({ x, y, width }: Box, lineWidth: number): void {
    const context = this.#context
    context.strokeStyle = this.#colours.outline
    context.lineWidth = lineWidth
    const inset = lineWidth / 2
    context.strokeRect(
      x + inset,
      y + inset,
      Math.max(width - 1 - lineWidth, 1),
      ROW_HEIGHT - 1 - lineWidth,
    )
  }
}
