import { Screen } from '../terminal/screen.js'
import type { Glyphs } from './bar.js'
import { frame, mostScrolled, type Presentation, rowsIn } from './frame.js'
import type { Sort } from './sort.js'
import type { View } from './watch.js'

type Change = Partial<{ -readonly [Key in keyof Presentation]: Presentation[Key] }>

export interface LiveOptions {
  readonly sort: Sort
  readonly colours: boolean
  readonly glyphs: Glyphs
  readonly onQuit: () => void
}

const SORT_KEYS: Readonly<Record<string, Sort>> = {
  c: 'cpu',
  d: 'delay',
  e: 'elu',
  n: 'name',
  p: 'pid',
}

const QUIT_KEYS = new Set(['q', 'Q', 'ctrl-c', 'ctrl-d'])

/** The table on a screen of its own, and what keys do to it. */
export class Live {
  #options: LiveOptions
  #screen: Screen
  #view: View | undefined
  #shown: Presentation

  constructor(options: LiveOptions) {
    this.#options = options
    this.#shown = { sort: options.sort, reversed: false, paused: false, help: false, scrolled: 0 }
    this.#screen = new Screen(process.stdout, process.stdin, {
      onKey: (key) => this.#onKey(key),
      onResize: () => this.#draw(),
    })
  }

  /** Shows a new look, unless the picture is held. */
  show(view: View): void {
    if (this.#shown.paused && this.#view !== undefined) return
    this.#view = view
    this.#draw()
  }

  close(): void {
    this.#screen.close()
  }

  #draw(): void {
    if (this.#view === undefined) return
    const { width, height } = this.#screen
    this.#screen.draw(frame(this.#view, this.#shown, { width, height }, this.#options))
  }

  #onKey(key: string): void {
    if (QUIT_KEYS.has(key)) {
      this.#options.onQuit()
      return
    }
    const change = this.#changeOf(key)
    if (change === undefined) return
    this.#shown = { ...this.#shown, ...change }
    this.#draw()
  }

  #changeOf(key: string): Change | undefined {
    const { sort, reversed, paused, help } = this.#shown
    const chosen = SORT_KEYS[key.toLowerCase()]
    if (chosen !== undefined) return { sort: chosen, reversed: chosen === sort && reversed }
    if (help && key === '\x1b') return { help: false }
    switch (key) {
      case 'r':
        return { reversed: !reversed }
      case ' ':
        return { paused: !paused }
      case 'h':
      case '?':
        return { help: !help }
      default:
        return this.#scroll(key)
    }
  }

  #scroll(key: string): Change | undefined {
    const { scrolled } = this.#shown
    const { height } = this.#screen
    const most = mostScrolled(this.#view?.threads.length ?? 0, height)
    const page = rowsIn(height)
    const to: Readonly<Record<string, number>> = {
      up: scrolled - 1,
      k: scrolled - 1,
      down: scrolled + 1,
      j: scrolled + 1,
      'page-up': scrolled - page,
      'page-down': scrolled + page,
      home: 0,
      end: most,
    }
    const wanted = to[key]
    return wanted === undefined ? undefined : { scrolled: Math.min(Math.max(wanted, 0), most) }
  }
}
