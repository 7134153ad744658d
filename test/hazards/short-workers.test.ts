import { expect, test } from 'vitest'
import { resultOf } from './run.js'

interface Level {
  descriptors: number
  threads: number
  rss: number
}

interface Result {
  started: number
  before: Level
  after: Level
  ghosts: unknown[]
  exited: number
  sum: number
  whole: number
}

const MIB = 2 ** 20

// 80 s of CPU time, most of it Node's own work to start a worker.
const SECONDS = 150

test(
  '2,000 short workers leave nothing behind but what they used',
  async () => {
    const { started, before, after, ghosts, exited, sum, whole } = await resultOf<Result>(
      'short-workers',
      { args: ['2000'], node: ['--expose-gc'], seconds: SECONDS },
    )
    expect(started).toBe(2000)
    expect(after.threads).toBe(before.threads)
    expect(after.descriptors).toBe(before.descriptors)
    expect(after.rss - before.rss).toBeLessThan(64 * MIB)
    expect(ghosts).toEqual([])
    expect(Math.abs(sum - whole)).toBeLessThan(Math.max(whole * 0.01, 5000))
    // Two thousand environments cost far more than the main thread that started them.
    expect(exited).toBeGreaterThan(whole / 2)
  },
  SECONDS * 1000,
)
