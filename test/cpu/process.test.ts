import { setTimeout } from 'node:timers/promises'
import { type CpuUsage, gettid, type ProcessCpuUsage, processCpuUsage, threads } from 'threadmeter'
import { beforeAll, describe, expect, it } from 'vitest'
import { burnUser } from '../fixtures/burn.mjs'
import * as proc from '../fixtures/proc.mjs'
import { onOneProcessor, runFixture } from '../fixtures/run.js'
import { Sleeper } from '../fixtures/sleeper.js'

const PARTS = ['main', 'workers', 'helpers', 'exited'] as const
const MODES = ['user', 'system'] as const

const sum = ({ user, system }: CpuUsage): number => user + system

/** 1 % of a figure or 5 ms, whichever is more, in µs. */
const tolerance = (figure: number): number => Math.max(figure * 0.01, 5_000)

const allParts = (usage: ProcessCpuUsage): number =>
  PARTS.reduce((total, part) => total + sum(usage[part]), 0)

describe('processCpuUsage()', () => {
  it('has the parts of the process, in whole µs', () => {
    const usage = processCpuUsage()
    expect(Object.keys(usage)).toEqual([...PARTS, 'total'])
    for (const part of [...PARTS, 'total'] as const) {
      expect(Object.keys(usage[part])).toEqual(MODES)
      for (const mode of MODES) expect(Number.isInteger(usage[part][mode])).toBe(true)
      expect(sum(usage[part])).toBeGreaterThanOrEqual(0)
    }
  })

  it('has the total of process.cpuUsage()', () => {
    for (let look = 0; look < 100; look++) {
      const before = process.cpuUsage()
      const { total } = processCpuUsage()
      const after = process.cpuUsage()
      for (const mode of MODES) {
        expect(total[mode]).toBeGreaterThanOrEqual(before[mode])
        expect(total[mode]).toBeLessThanOrEqual(after[mode])
      }
    }
  })

  it('adds up to the process', () => {
    for (let look = 0; look < 20; look++) {
      burnUser(2)
      const parts = allParts(processCpuUsage())
      const truth = sum(process.cpuUsage())
      expect(Math.abs(parts - truth)).toBeLessThan(tolerance(truth))
    }
  })

  it('books the main thread under main', () => {
    const before = processCpuUsage()
    burnUser(100)
    const after = processCpuUsage()
    const grown = (part: keyof ProcessCpuUsage): number => sum(after[part]) - sum(before[part])
    expect(grown('main')).toBeGreaterThan(95_000)
    expect(grown('main') / grown('total')).toBeGreaterThan(0.8)
    const { run } = proc.schedstat(gettid())
    // /proc is behind by what the main thread has run since the last timer tick.
    expect(sum(after.main)).toBeGreaterThanOrEqual(Math.floor(run / 1e3) - 5_000)
  })

  it('books a worker under workers while it lives, and under exited afterwards', async () => {
    const before = processCpuUsage()
    const sleeper = await Sleeper.start()
    const { run } = proc.schedstat(sleeper.tid)
    const alive = processCpuUsage()
    expect(sum(alive.workers) - sum(before.workers)).toBe(Math.floor(run / 1e3))
    await sleeper.end()
    const gone = processCpuUsage()
    expect(sum(gone.workers)).toBe(sum(before.workers))
    const exited = sum(gone.exited) - sum(alive.exited)
    expect(exited).toBeGreaterThanOrEqual(Math.floor(run / 1e3))
    expect(exited).toBeLessThan(run / 1e3 + 30_000)
  })

  it('never goes down in what has exited nor in the total while workers come and go', async () => {
    let before = processCpuUsage()
    let done = false
    const workers = Promise.all(
      Array.from({ length: 8 }, async () => {
        const sleeper = await Sleeper.start()
        await sleeper.end()
      }),
    ).finally(() => {
      done = true
    })
    let looks = 0
    for (; !done; looks++) {
      const after = processCpuUsage()
      for (const part of ['main', 'exited', 'total'] as const) {
        for (const mode of MODES) {
          expect(after[part][mode]).toBeGreaterThanOrEqual(before[part][mode])
        }
      }
      before = after
      if (looks % 20 === 0) await setTimeout(1)
    }
    await workers
    expect(looks).toBeGreaterThan(50)
    expect(threads().filter(({ role }) => role === 'worker')).toEqual([])
  })
})

describe('more busy workers than processors', () => {
  it('do not blur the sum of the parts', async () => {
    const { excess, lack, looks, total } = await runFixture<Record<string, number>>(
      'crowded-parts.mjs',
      { wrapper: onOneProcessor() },
    )
    expect(looks).toBeGreaterThan(1_000)
    expect(excess).toBeLessThan(tolerance(total as number))
    expect(lack).toBeLessThan(tolerance(total as number))
  })
})

describe('1,000 workers of 20 ms', () => {
  const COUNT = 1_000
  let result: {
    reported: number
    before: ProcessCpuUsage
    after: ProcessCpuUsage
    kernel: CpuUsage & { live: number }
  }

  beforeAll(async () => {
    result = await runFixture('many-workers.mjs', { args: [String(COUNT)] })
  })

  it('leave parts that add up to the process', () => {
    const { after, kernel } = result
    expect(Math.abs(allParts(after) - sum(kernel))).toBeLessThan(tolerance(sum(kernel)))
    for (const mode of MODES) {
      const parts = PARTS.reduce((total, part) => total + after[part][mode], 0)
      expect(Math.abs(parts - kernel[mode])).toBeLessThan(tolerance(kernel[mode]))
    }
    expect(sum(result.after.total)).toBeGreaterThan(COUNT * 20_000)
  })

  it('leave under exited what no live thread accounts for, by /proc', () => {
    const truth = sum(result.kernel) - result.kernel.live
    expect(Math.abs(sum(result.after.exited) - truth)).toBeLessThan(5_000)
  })

  it('leave there what they said of themselves, and their ends', () => {
    const exited = sum(result.after.exited) - sum(result.before.exited)
    expect(result.reported).toBeGreaterThan(COUNT * 20_000)
    expect(exited).toBeGreaterThan(result.reported)
    // A worker says it before its environment is torn down.
    expect((exited - result.reported) / COUNT).toBeLessThan(10_000)
  })

  it('leave nothing under workers', () => {
    expect(result.after.workers).toEqual({ user: 0, system: 0 })
  })
})
