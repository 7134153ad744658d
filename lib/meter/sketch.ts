import type { Slots } from './model.js'

/**
 * The quantile sketch of a summary: counts of values in buckets whose bounds grow by a constant factor,
 * so that any quantile is within {@link RELATIVE_ERROR} of the exact one, and sketches of several threads
 * add up to the sketch of all their values (the idea of DDSketch, VLDB 2019). Only the pages of buckets
 * that values fall into exist. All windows begin at multiples of their width since the Unix epoch, so that
 * every thread and process means the same time by a window's number.
 */

/** Of a quantile, against the exact one of the same values. */
export const RELATIVE_ERROR = 0.01

/** Slots of a summary's series, over its whole life; the sketch is in pages of slots of its own. */
export const SUMMARY = { count: 0, sum: 1, slots: 2 } as const

/** Places of what precedes a page's counts. A least or greatest value of 0 means none yet. */
export const PAGE = { window: 0, minimum: 1, maximum: 2, counts: 3 } as const

const KEY_BITS = 5
const PAGE_KEYS = 1 << KEY_BITS
const KEY_MASK = PAGE_KEYS - 1

// Pages of positive values get positive codes, those of their negatives the negative ones, in the order of
// the values: the keys of all doubles lie in -37,222..35,489, their pages in -1,164..1,109.
const CODE_BIAS = 2048
const ZERO_CODE = 0

const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
const LN_GAMMA = Math.log(GAMMA)
const KEYS_PER_NEPER = 1 / LN_GAMMA
const MIDDLE = 2 / (1 + GAMMA)

/** How a summary looks at the past: `count` windows of `widthMs` each, or one that never ends. */
export interface SketchWindows {
  readonly count: number
  readonly widthMs: number
}

/** As the parameters of a summary's family say. */
export function sketchWindows(parameters: readonly number[]): SketchWindows {
  const [maxAgeSeconds = 0, ageBuckets = 0] = parameters
  return maxAgeSeconds > 0 && ageBuckets >= 1
    ? { count: ageBuckets, widthMs: (maxAgeSeconds * 1000) / ageBuckets }
    : { count: 1, widthMs: Number.POSITIVE_INFINITY }
}

/** The quantiles that a summary's family shows. */
export const sketchQuantiles = (parameters: readonly number[]): readonly number[] =>
  parameters.slice(2)

/** The number of the window at a time (ms since the Unix epoch); 0 when there is but one. */
export const windowAt = ({ widthMs }: SketchWindows, now: number): number =>
  Math.floor(now / widthMs)

/** The bucket of a value other than 0. */
export const bucketOf = (value: number): number =>
  Math.ceil(Math.log(value < 0 ? -value : value) * KEYS_PER_NEPER)

/** The code of the page that holds the bucket of a value. */
export function pageCode(value: number, bucket: number): number {
  if (value > 0) return (bucket >> KEY_BITS) + CODE_BIAS
  return value < 0 ? -(bucket >> KEY_BITS) - CODE_BIAS : ZERO_CODE
}

/** The page's number in a store: each window of the ring has pages of its own. */
export const pageNumber = (code: number, window: number, { count }: SketchWindows): number =>
  code * count + (window % count)

/** How many slots the page of that code has: that of the value 0 has a single count. */
export const pageSlots = (code: number): number =>
  PAGE.counts + (code === ZERO_CODE ? 1 : PAGE_KEYS)

/** The code of the page of that number. */
export const codeOfPage = (page: number, { count }: SketchWindows): number =>
  Math.floor(page / count)

/** Begins a window in a page that held an earlier one. */
export function openPage(values: Float64Array, index: number, code: number, window: number): void {
  // The window's number is stored last: whoever reads in between takes what is left of the old window for
  // the old window, which is out of date.
  values.fill(0, index + PAGE.minimum, index + pageSlots(code))
  values[index + PAGE.window] = window
}

/** Counts a value in the page that it belongs to. */
export function addToPage(
  values: Float64Array,
  index: number,
  value: number,
  bucket: number,
): void {
  const minimum = values[index + PAGE.minimum] as number
  if (minimum === 0 || value < minimum) values[index + PAGE.minimum] = value
  const maximum = values[index + PAGE.maximum] as number
  if (maximum === 0 || value > maximum) values[index + PAGE.maximum] = value
  const slot = index + PAGE.counts + (value === 0 ? 0 : bucket & KEY_MASK)
  values[slot] = (values[slot] as number) + 1
}

/**
 * Adds a page to one of the same number: a newer window replaces what is there, the same one is added, and
 * an older one is left out. `slots` is the size of both.
 */
export function mergePage(
  target: Float64Array,
  targetIndex: number,
  source: Float64Array,
  sourceIndex: number,
  slots: number,
): void {
  const window = source[sourceIndex + PAGE.window] as number
  const present = target[targetIndex + PAGE.window] as number
  if (window < present) return
  if (window > present) {
    target.set(source.subarray(sourceIndex, sourceIndex + slots), targetIndex)
    return
  }
  const minimum = source[sourceIndex + PAGE.minimum] as number
  const least = target[targetIndex + PAGE.minimum] as number
  if (minimum !== 0 && (least === 0 || minimum < least))
    target[targetIndex + PAGE.minimum] = minimum
  const maximum = source[sourceIndex + PAGE.maximum] as number
  const greatest = target[targetIndex + PAGE.maximum] as number
  if (maximum !== 0 && (greatest === 0 || maximum > greatest)) {
    target[targetIndex + PAGE.maximum] = maximum
  }
  for (let at = PAGE.counts; at < slots; at++) {
    target[targetIndex + at] =
      (target[targetIndex + at] as number) + (source[sourceIndex + at] as number)
  }
}

interface CountedPage extends Slots {
  readonly code: number
  readonly total: number
}

function totalOf(values: Float64Array, index: number, code: number): number {
  let total = 0
  const end = index + pageSlots(code)
  for (let at = index + PAGE.counts; at < end; at++) total += values[at] as number
  return total
}

/** Two pages of the same code, of whatever windows, as one. */
function together(a: CountedPage, b: CountedPage): CountedPage {
  const slots = pageSlots(a.code)
  const values = a.values.slice(a.index, a.index + slots)
  values[PAGE.window] = b.values[b.index + PAGE.window] as number
  mergePage(values, 0, b.values, b.index, slots)
  return { values, index: 0, code: a.code, total: a.total + b.total }
}

/** What the windows that have not passed hold, a page per code, rising by value. */
function currentPages(
  pages: ReadonlyMap<number, Slots>,
  windows: SketchWindows,
  now: number,
): CountedPage[] {
  const window = windowAt(windows, now)
  const byCode = new Map<number, CountedPage>()
  for (const [number, { values, index }] of pages) {
    const own = values[index + PAGE.window] as number
    // One that began after `now` was read counts too; what is far ahead is from before a clock was set back.
    if (own <= window - windows.count || own > window + 1) continue
    const code = codeOfPage(number, windows)
    const page = { values, index, code, total: totalOf(values, index, code) }
    if (!(page.total > 0)) continue
    const other = byCode.get(code)
    byCode.set(code, other === undefined ? page : together(other, page))
  }
  return [...byCode.values()].sort((a, b) => a.code - b.code)
}

/** The middle of a bucket, as near to both its bounds as the relative error says. */
function middleOf(code: number, offset: number): number {
  const magnitudePage = Math.abs(code) - CODE_BIAS
  const middle = Math.exp((magnitudePage * PAGE_KEYS + offset) * LN_GAMMA) * MIDDLE
  return code < 0 ? -middle : middle
}

/** The value at a rank (1 is the least) among those of one page. */
function valueInPage(page: CountedPage, rank: number): number {
  const { values, index, code } = page
  if (code === ZERO_CODE) return 0
  const minimum = values[index + PAGE.minimum] as number
  const maximum = values[index + PAGE.maximum] as number
  if (rank <= 1) return minimum
  if (rank >= page.total) return maximum
  const step = code < 0 ? -1 : 1
  let offset = code < 0 ? PAGE_KEYS - 1 : 0
  let passed = values[index + PAGE.counts + offset] as number
  while (passed < rank) {
    offset += step
    passed += values[index + PAGE.counts + offset] as number
  }
  return Math.min(Math.max(middleOf(code, offset), minimum), maximum)
}

/** The value at a rank among those of all pages, of which there is at least one. */
function valueAt(pages: readonly CountedPage[], rank: number): number {
  let before = 0
  for (const page of pages) {
    if (before + page.total >= rank) return valueInPage(page, rank - before)
    before += page.total
  }
  const last = pages.at(-1) as CountedPage
  return last.values[last.index + PAGE.maximum] as number
}

/** How many values the windows that have not passed at `now` (ms since the Unix epoch) hold. */
export function sketchCount(
  parameters: readonly number[],
  pages: ReadonlyMap<number, Slots>,
  now: number,
): number {
  return currentPages(pages, sketchWindows(parameters), now).reduce(
    (sum, { total }) => sum + total,
    0,
  )
}

/**
 * The quantiles of a summary, in the order of its family's parameters: each the least value that as large a
 * share of all values does not exceed, to {@link RELATIVE_ERROR}; the least and the greatest value exactly.
 * All are 0 when there is no value, as in other clients.
 */
export function quantiles(
  parameters: readonly number[],
  pages: ReadonlyMap<number, Slots>,
  now: number,
): number[] {
  const current = currentPages(pages, sketchWindows(parameters), now)
  const total = current.reduce((sum, page) => sum + page.total, 0)
  return sketchQuantiles(parameters).map((quantile) =>
    total === 0 ? 0 : valueAt(current, Math.max(1, Math.ceil(quantile * total))),
  )
}
