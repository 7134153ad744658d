import { describe, expect, it } from 'vitest'
import type { Slots } from '../../lib/meter/model.js'
import {
  addToPage,
  bucketOf,
  codeOfPage,
  mergePage,
  openPage,
  PAGE,
  pageCode,
  pageNumber,
  pageSlots,
  quantiles,
  RELATIVE_ERROR,
  type SketchWindows,
  sketchCount,
  sketchWindows,
  windowAt,
} from '../../lib/meter/sketch.js'
import { randomNumbers } from '../adapters/simulated-process.js'

const QUANTILES = [0, 0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1]
const LIFELONG = [0, 0, ...QUANTILES]
const ROUNDING = 1e-9

type Pages = Map<number, Slots>

/** Counts a value as an instrument does. */
function add(
  pages: Pages,
  value: number,
  now = 0,
  windows: SketchWindows = sketchWindows([]),
): void {
  const bucket = value === 0 ? 0 : bucketOf(value)
  const code = pageCode(value, bucket)
  const window = windowAt(windows, now)
  const number = pageNumber(code, window, windows)
  let page = pages.get(number)
  if (page === undefined) {
    // Somewhere in a run of slots, as in a meter file.
    page = { values: new Float64Array(pageSlots(code) + 9).fill(-1), index: 5 }
    page.values.fill(0, 5, 5 + pageSlots(code))
    pages.set(number, page)
  }
  if (page.values[page.index + PAGE.window] !== window) {
    openPage(page.values, page.index, code, window)
  }
  addToPage(page.values, page.index, value, bucket)
}

function sketchOf(data: readonly number[]): Pages {
  const pages: Pages = new Map()
  for (const value of data) add(pages, value)
  return pages
}

function merge(target: Pages, source: Pages, windows: SketchWindows = sketchWindows([])): void {
  for (const [number, { values, index }] of source) {
    const slots = pageSlots(codeOfPage(number, windows))
    const own = target.get(number) ?? { values: new Float64Array(slots), index: 0 }
    target.set(number, own)
    mergePage(own.values, own.index, values, index, slots)
  }
}

/** The least value that a share of `quantile` of all values does not exceed. */
function exactQuantile(sorted: readonly number[], quantile: number): number {
  return sorted[Math.max(1, Math.ceil(quantile * sorted.length)) - 1] as number
}

const random = randomNumbers(4711)
const normal = (): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
const DISTRIBUTIONS: Record<string, () => number> = {
  uniform: () => random(),
  exponential: () => -Math.log(1 - random()) * 0.02,
  'log-normal': () => Math.exp(normal() * 2 - 5),
  'pareto, heavy tail': () => (1 - random()) ** -2,
  'around zero': () => normal(),
  'negative alone': () => -1e6 * random(),
  'mostly zeros': () => (random() < 0.7 ? 0 : random() * 10),
  'two peaks': () => (random() < 0.97 ? 0.003 + random() / 1e4 : 30 + random()),
  'small integers': () => Math.floor(random() * 7) - 2,
  'all magnitudes': () => (random() < 0.5 ? -1 : 1) * 10 ** (random() * 600 - 300),
}

describe('quantiles() of random data', () => {
  it.each(Object.entries(DISTRIBUTIONS))('are within 1 %%: %s', (_name, draw) => {
    for (const size of [1, 2, 3, 10, 1000, 20_000]) {
      const data = Array.from({ length: size }, draw)
      const estimates = quantiles(LIFELONG, sketchOf(data), 0)
      const sorted = data.sort((a, b) => a - b)
      for (const [place, quantile] of QUANTILES.entries()) {
        const exact = exactQuantile(sorted, quantile)
        const error = Math.abs((estimates[place] as number) - exact)
        expect(error, `${size} values, quantile ${quantile}, exact ${exact}`).toBeLessThanOrEqual(
          Math.abs(exact) * (RELATIVE_ERROR + ROUNDING),
        )
      }
      expect([estimates[0], estimates.at(-1)]).toEqual([sorted[0], sorted.at(-1)])
    }
  })

  it('are the same from merged sketches as from one of all data', () => {
    for (const draw of Object.values(DISTRIBUTIONS)) {
      const data = Array.from({ length: 3000 }, draw)
      const merged: Pages = new Map()
      for (let part = 0; part < 7; part++) {
        merge(merged, sketchOf(data.filter((_, index) => index % 7 === part)))
      }
      expect(quantiles(LIFELONG, merged, 0)).toEqual(quantiles(LIFELONG, sketchOf(data), 0))
      expect(sketchCount(LIFELONG, merged, 0)).toBe(data.length)
    }
  })
})

describe('quantiles()', () => {
  it.each([0, 1, 0.1, -0.1, 17, 1e-9, 5e-324, Number.MAX_VALUE, -Number.MAX_VALUE])(
    'are exact where there is one distinct value: %s',
    (value) => {
      const pages = sketchOf([value, value, value])
      expect(quantiles(LIFELONG, pages, 0)).toEqual(QUANTILES.map(() => value))
    },
  )

  it('are 0 where there is none', () => {
    expect(quantiles(LIFELONG, new Map(), 0)).toEqual(QUANTILES.map(() => 0))
  })

  it('end, whatever a file that is not ours holds', () => {
    const bits = new Float64Array(1)
    const words = new Uint32Array(bits.buffer)
    const special = [Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5, Number.MAX_VALUE]
    const anything = (): number => {
      if (random() < 0.3) return special[Math.floor(random() * special.length)] as number
      words.set([random() * 2 ** 32, random() * 2 ** 32])
      return bits[0] as number
    }
    for (let round = 0; round < 2000; round++) {
      const pages: Pages = new Map()
      for (let page = 0; page < 5; page++) {
        const values = Float64Array.from({ length: random() * 40 }, anything)
        if (random() < 0.7) values[PAGE.window] = 0
        pages.set(Math.floor((random() - 0.5) * 2 ** 32), { values, index: 0 })
      }
      const found = quantiles(LIFELONG, pages, 0)
      expect(found.every((value) => typeof value === 'number')).toBe(true)
    }
  })

  it('need at most 4 KiB for latencies over three decades', () => {
    const pages = sketchOf(Array.from({ length: 100_000 }, () => 10 ** (random() * 3 - 3)))
    let bytes = 0
    for (const number of pages.keys()) bytes += pageSlots(number) * 8
    expect(bytes).toBeLessThanOrEqual(4096)
    expect(bytes).toBeGreaterThan(1024)
  })
})

describe('a sliding window', () => {
  const PARAMETERS = [5, 5, 0.5, 1]
  const windows = sketchWindows(PARAMETERS)
  const START = 1_700_000_000_000

  it('forgets what is older than its age, a fifth of it at a time', () => {
    const pages: Pages = new Map()
    for (let second = 0; second < 12; second++)
      add(pages, second + 1, START + second * 1000, windows)
    const counts = [11, 12, 13, 14, 15, 16].map((second) =>
      sketchCount(PARAMETERS, pages, START + second * 1000 + 999),
    )
    expect(counts).toEqual([5, 4, 3, 2, 1, 0])
    expect(quantiles(PARAMETERS, pages, START + 11_000)).toEqual([expect.closeTo(10, 0), 12])
    expect(quantiles(PARAMETERS, pages, START + 60_000)).toEqual([0, 0])
  })

  it('uses its pages again', () => {
    const pages: Pages = new Map()
    for (let second = 0; second < 1000; second++) add(pages, 7, START + second * 1000, windows)
    expect(pages.size).toBe(5)
  })

  it('merges threads window by window, in whatever order they come', () => {
    const times: number[] = []
    const threads = [0, 1, 2, 3].map((thread) => {
      const pages: Pages = new Map()
      // Each begins and ends at another time, so that the same page is of different windows.
      for (let step = 0; step < 40; step++) {
        times.push(START + thread * 2100 + step * 150)
        add(pages, 1 + random(), times.at(-1), windows)
      }
      return pages
    })
    const now = START + 3 * 2100 + 40 * 150
    const since = Math.floor(now / 1000) * 1000 - 4000
    const exact = times.filter((time) => time >= since).length
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [2, 0, 3, 1],
    ]) {
      const merged: Pages = new Map()
      for (const thread of order) merge(merged, threads[thread] as Pages, windows)
      expect(sketchCount(PARAMETERS, merged, now)).toBe(exact)
    }
    expect(exact).toBeGreaterThan(40)
  })

  it('does not show values from before the clock was set back', () => {
    const pages: Pages = new Map()
    add(pages, 100, START + 3_600_000, windows)
    expect(quantiles(PARAMETERS, pages, START)).toEqual([0, 0])
    add(pages, 1, START, windows)
    expect(quantiles(PARAMETERS, pages, START)).toEqual([1, 1])
  })
})
