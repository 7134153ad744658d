import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { emptyDirectory, saidBy, startFixture } from './triggers-app.js'

const IDLE = fileURLToPath(new URL('fixtures/triggers-idle.mjs', import.meta.url))

const WORKERS = 4
const SECONDS = 3

/** ms of CPU time in a second that the helper's thread takes, by the kernel's clocks. */
async function costOf(triggers: object[]): Promise<number> {
  const plan = JSON.stringify({ triggers, workers: WORKERS })
  const child = startFixture(IDLE, [plan, String(SECONDS), emptyDirectory()])
  return Number(await saidBy(child))
}

it('costs nothing without triggers, and less than a hundredth of a processor with some', async () => {
  const all = [{ blockedFor: 5 }, { cpuAbove: 0.9 }, { eluAbove: 0.9 }, { heapAbove: 0.9 }]
  const [none, one, four] = await Promise.all([costOf([]), costOf(all.slice(0, 1)), costOf(all)])
  expect(none).toBeLessThan(one / 5)
  expect(one).toBeGreaterThan(0)
  expect(four).toBeLessThan(10)
  // All of them share one timer and one look.
  expect(four).toBeLessThan(one * 4)
})
