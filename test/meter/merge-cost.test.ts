import { expect, it, onTestFinished } from 'vitest'
import { MeterService } from '../../dist/meter/service.js'
import { family, LIVING, store, valuesOf, writeMeter } from './fixtures/meters.mjs'
import { temporaryDirectory } from './temporary-directory.js'

const THREADS = 8
const SERIES = 775
const BUCKETS = 10
// Coprime to the number of series: each visits all of them.
const ORDERS = [1, 2, 3, 7, 11, 13, 17, 19]
const SLOTS = SERIES * (BUCKETS + 2)

function median(of: () => void): number {
  const times = Array.from({ length: 101 }, () => {
    const started = performance.now()
    of()
    return performance.now() - started
  })
  return times.sort((a, b) => a - b)[50]
}

/** Threads that met the same labels, each in an order of its own. */
function service(shuffled: boolean): MeterService {
  const dir = temporaryDirectory()
  const bounds = Array.from({ length: BUCKETS }, (_, i) => i + 1)
  const options = { type: 'histogram', parameters: bounds, labelNames: ['path'] } as const
  for (let thread = 0; thread < THREADS; thread++) {
    writeMeter(dir, { ...LIVING, suffix: `-${thread}` }, (image) => {
      const id = image.family(family('seconds', options))
      for (let i = 0; i < SERIES; i++) {
        const path = shuffled ? (i * ORDERS[thread]) % SERIES : i
        store(image, id, [`/${path}`], ...new Array(BUCKETS + 2).fill(thread))
      }
    })
  }
  const opened = new MeterService(dir)
  onTestFinished(() => opened.close())
  opened.refresh()
  return opened
}

// What there is to add up cannot be had for less.
function plainAddition(): () => void {
  const threads = Array.from({ length: THREADS }, () => new Float64Array(SLOTS).fill(1))
  const target = new Float64Array(SLOTS)
  return () => {
    target.fill(0)
    for (const values of threads) {
      for (let slot = 0; slot < SLOTS; slot++) target[slot] += values[slot]
    }
  }
}

it.each([
  ['in the same order', false],
  ['each in its own order', true],
])('a merge costs little more than to add 8 x 9,300 numbers: series %s', (_, shuffled) => {
  const opened = service(shuffled)
  const merge = median(() => opened.merged())
  const addition = median(plainAddition())
  const { series } = opened.merged()[0]
  expect(series).toHaveLength(SERIES)
  for (const one of series) expect(valuesOf(one, 12)).toEqual(new Array(12).fill(28))
  expect(merge).toBeLessThan(5 * addition)
})
