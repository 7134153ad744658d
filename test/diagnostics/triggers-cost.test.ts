import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { emptyDirectory, saidBy, startFixture } from './triggers-app.js'

const IDLE = fileURLToPath(new URL('fixtures/triggers-idle.mjs', import.meta.url))

const WORKERS = 4
const SECONDS = 7

/**
 * ms of CPU time in a second that the helper's thread takes, by the kernel's clocks: the median of some. About
 * 8 s after a start V8 collects the garbage of idle threads, two or three times within two seconds (its memory
 * reducer), which takes ten times as much, and is no cost of triggers.
 */
async function costOf(triggers: object[]): Promise<number> {
  const plan = JSON.stringify({ triggers, workers: WORKERS })
  const child = startFixture(IDLE, [plan, String(SECONDS), emptyDirectory()])
  const rates = JSON.parse(await saidBy(child)) as number[]
  return rates.sort((a, b) => a - b)[SECONDS >> 1] as number
}

it('costs nothing without triggers, and less than a hundredth of a processor with some', async () => {
  const all = [{ blockedFor: 5 }, { cpuAbove: 0.9 }, { eluAbove: 0.9 }, { heapAbove: 0.9 }]
  const [none, one, four] = await Promise.all([costOf([]), costOf(all.slice(0, 1)), costOf(all)])
  expect(none).toBeLessThan(one / 5)
  // A thousandth of a processor.
  expect(none).toBeLessThan(1)
  expect(one).toBeGreaterThan(0)
  expect(four).toBeLessThan(10)
  // All of them share one timer and one look.
  expect(four).toBeLessThan(one * 4)
})
