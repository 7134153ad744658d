import type { SeriesStore, Slots } from '../meter/model.js'
import {
  addToPage,
  bucketOf,
  codeOfPage,
  openPage,
  PAGE,
  pageCode,
  pageNumber,
  pageSlots,
  type SketchWindows,
  windowAt,
} from '../meter/sketch.js'
import type { SeriesSketch } from './series.js'

/** The sketch of one series of a summary: a page is made when the first value falls into it. */
export class Sketch implements SeriesSketch {
  readonly #windows: SketchWindows
  readonly #pages = new Map<number, Slots>()
  #store: SeriesStore
  #series: number

  constructor(windows: SketchWindows, store: SeriesStore, series: number) {
    this.#windows = windows
    this.#store = store
    this.#series = series
  }

  get pages(): ReadonlyMap<number, Slots> {
    return this.#pages
  }

  /** @param now ms since the Unix epoch; of no consequence when there is but one window */
  add(value: number, now: number): void {
    const bucket = value === 0 ? 0 : bucketOf(value)
    const code = pageCode(value, bucket)
    const window = windowAt(this.#windows, now)
    const number = pageNumber(code, window, this.#windows)
    const page = this.#pages.get(number) ?? this.#makePage(number, code)
    if (page.values[page.index + PAGE.window] !== window) {
      openPage(page.values, page.index, code, window)
    }
    addToPage(page.values, page.index, value, bucket)
  }

  /** Forgets all values. */
  clear(): void {
    for (const [number, { values, index }] of this.#pages) {
      openPage(values, index, codeOfPage(number, this.#windows), 0)
    }
  }

  move(store: SeriesStore, series: number): void {
    this.#store = store
    this.#series = series
    for (const [number, { values, index }] of this.#pages) {
      const code = codeOfPage(number, this.#windows)
      const page = this.#makePage(number, code)
      page.values.set(values.subarray(index, index + pageSlots(code)), page.index)
    }
  }

  #makePage(number: number, code: number): Slots {
    const page = this.#store.sketchPage(this.#series, number, pageSlots(code))
    this.#pages.set(number, page)
    return page
  }
}
