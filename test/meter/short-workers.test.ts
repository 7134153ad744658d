import { expect, it } from 'vitest'
import { runFixture } from '../fixtures/run.js'
import { temporaryDirectory } from './temporary-directory.js'

interface Result {
  folded: number
  mostFiles: number
  retiredBytes: number
  files: string[]
  descriptors: number
  totals: Record<string, number>
  problems: unknown[]
}

const WORKERS = 120
const AT_ONCE = 8

/** What workers that add their own number leave, by its last digit. */
function expectedTotals(): Record<string, number> {
  const totals: Record<string, number> = { all: WORKERS }
  for (let number = 1; number <= WORKERS; number++) {
    totals[number % 10] = (totals[number % 10] ?? 0) + number
  }
  return totals
}

it('short workers leave what they counted, and neither files nor growth', async () => {
  const args = [temporaryDirectory(), `${WORKERS}`]
  const result = await runFixture<Result>('../meter/fixtures/short-workers.mjs', { args })
  expect(result.totals).toEqual(expectedTotals())
  expect(result.folded).toBe(WORKERS)
  expect(result.files).toEqual([])
  expect(result.problems).toEqual([])
  // The lock, the totals, the number of the process and the lock for joining; what lives, and what ended
  // since the last fold: the machine may be slow to fold, but not half of all.
  expect(result.mostFiles).toBeLessThan(4 + AT_ONCE + WORKERS / 2)
  expect(result.descriptors).toBe(1)
  expect(result.retiredBytes).toBeLessThan(8192)
})
