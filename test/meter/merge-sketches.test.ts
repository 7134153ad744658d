import { expect, it, onTestFinished } from 'vitest'
import {
  exemplarSlots,
  exemplarStride,
  openExemplars,
  readExemplar,
  writeExemplar,
} from '../../dist/meter/exemplar-slots.js'
import type { Slots } from '../../dist/meter/model.js'
import type { MeterImage } from '../../dist/meter/records-image.js'
import { MeterService } from '../../dist/meter/service.js'
import {
  addToPage,
  bucketOf,
  openPage,
  pageCode,
  pageNumber,
  pageSlots,
  quantiles,
  sketchWindows,
  windowAt,
} from '../../dist/meter/sketch.js'
import {
  deadThread,
  family,
  LIVING,
  store,
  storeOne,
  valuesOf,
  writeMeter,
} from './fixtures/meters.mjs'
import { temporaryDirectory } from './temporary-directory.js'

const QUANTILES = [0, 0.01, 0.5, 0.9, 0.99, 1]

function open(dir: string): MeterService {
  const service = new MeterService(dir)
  onTestFinished(() => service.close())
  service.refresh()
  return service
}

/** Stores a summary of these values, as its thread would have observed them just now. */
function storeSummary(image: MeterImage, parameters: number[], values: number[]): void {
  const description = family('size', { type: 'summary', parameters })
  const sum = values.reduce((total, value) => total + value, 0)
  const series = storeOne(image, description, values.length, sum)
  const windows = sketchWindows(parameters)
  const window = windowAt(windows, Date.now())
  const pages = new Map()
  for (const value of values) {
    const bucket = bucketOf(value)
    const code = pageCode(value, bucket)
    let page = pages.get(code)
    if (page === undefined) {
      page = image.sketchPage(series.id, pageNumber(code, window, windows), pageSlots(code))
      openPage(page.values, page.index, code, window)
      pages.set(code, page)
    }
    addToPage(page.values, page.index, value, bucket)
  }
}

const ofThread = (thread: number): number[] =>
  Array.from({ length: 400 }, (_, i) => (i === 0 ? 0 : Math.sign(i - 50) * 1.02 ** (i + thread)))

function expectQuantiles(service: MeterService, parameters: number[]): void {
  const all = [1, 2, 3].flatMap(ofThread).sort((a, b) => a - b)
  const exact = QUANTILES.map((q) => all[Math.max(1, Math.ceil(q * all.length)) - 1])
  // Twice: nothing of one merge may be left in the next.
  service.merged()
  const [series] = service.merged()[0].series
  expect(valuesOf(series, 2)).toEqual([all.length, expect.closeTo(sumOf(all), 6)])
  const found = quantiles(parameters, series.pages, Date.now())
  for (const [i, value] of found.entries()) {
    expect(Math.abs(value - exact[i])).toBeLessThanOrEqual(Math.abs(exact[i]) * 0.0101)
  }
}

const sumOf = (values: number[]): number => values.reduce((sum, value) => sum + value, 0)

it.each([
  ['all its time', [0, 0, ...QUANTILES]],
  ['the last ten minutes', [600, 5, ...QUANTILES]],
])('a summary of %s is that of the values of all threads, also of ended ones', (_, parameters) => {
  const dir = temporaryDirectory()
  for (const thread of [1, 2, 3]) {
    const header = thread === 3 ? LIVING : deadThread(thread)
    writeMeter(dir, header, (image) => storeSummary(image, parameters, ofThread(thread)))
  }
  const service = open(dir)
  expectQuantiles(service, parameters)
  service.lead()
  expect(service.fold()).toBe(2)
  expectQuantiles(service, parameters)
  expectQuantiles(open(dir), parameters)
})

it('the newest exemplar of each bucket is shown, also those of ended threads', () => {
  const dir = temporaryDirectory()
  const seconds = family('seconds', { type: 'histogram', parameters: [1] })
  const times = [
    [10, 31],
    [20, 5],
    [15, 40],
  ]
  for (const [thread, timestamps] of times.entries()) {
    const header = thread === 0 ? LIVING : deadThread(thread)
    writeMeter(dir, header, (image) => {
      const series = store(image, image.family(seconds), [], 1, 1, 3)
      // Texts of other lengths need blocks of other sizes.
      const labels = (place: number) => `trace="${'x'.repeat(30 * thread)}${thread}${place}"`
      const stride = exemplarStride(labels(0))
      const block = image.exemplars(series.id, exemplarSlots(2, stride))
      openExemplars(block, 2, stride)
      for (const [place, timestamp] of timestamps.entries()) {
        writeExemplar(block, place, { labels: labels(place), value: thread, timestamp })
      }
    })
  }
  const newest = [
    { labels: `trace="${'x'.repeat(30)}10"`, value: 1, timestamp: 20 },
    { labels: `trace="${'x'.repeat(60)}21"`, value: 2, timestamp: 40 },
  ]
  const exemplars = (service: MeterService) => {
    const [{ exemplars }] = service.merged()[0].series
    return [0, 1].map((place) => readExemplar(exemplars as Slots, place))
  }
  const service = open(dir)
  expect(exemplars(service)).toEqual(newest)
  service.lead()
  service.fold()
  expect(exemplars(service)).toEqual(newest)
  expect(exemplars(open(dir))).toEqual(newest)
})
