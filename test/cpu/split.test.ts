import type { CpuUsage } from 'threadmeter'
import { beforeAll, describe, expect, it } from 'vitest'
import { runFixture } from '../fixtures/run.js'

interface Measured {
  /** threadCpuUsage() in the thread. */
  own: CpuUsage
  /** threads(), which reads it as any other thread would. */
  outside: CpuUsage
  /** /proc/self/task/<tid>/stat. */
  proc: CpuUsage
  /** process.threadCpuUsage(), where Node has it. */
  node?: CpuUsage
}

const PARTS = ['user', 'system'] as const
const KERNEL_TICK = 4_000
// Of the text in /proc.
const CLOCK_TICK = 10_000

let runs: Record<'user' | 'system', Measured>

beforeAll(async () => {
  runs = await runFixture('split.mjs')
})

describe.each(['user', 'system'] as const)('2 s of %s work', (heavy) => {
  let measured: Measured

  beforeAll(() => {
    measured = runs[heavy]
  })

  it('are mostly that', () => {
    const { own } = measured
    expect(own[heavy] / (own.user + own.system)).toBeGreaterThan(0.9)
    expect(own.user + own.system).toBeGreaterThan(1_990_000)
  })

  it.each(['own', 'outside'] as const)('are split as in /proc (%s)', (view) => {
    for (const part of PARTS) {
      expect(Math.abs(measured[view][part] - measured.proc[part])).toBeLessThanOrEqual(
        CLOCK_TICK + KERNEL_TICK,
      )
    }
  })

  it('are split by threads() as by the thread itself', () => {
    for (const part of PARTS) {
      expect(Math.abs(measured.outside[part] - measured.own[part])).toBeLessThan(KERNEL_TICK)
    }
  })

  it('are split as getrusage does it', () => {
    expect(measured.node !== undefined).toBe('threadCpuUsage' in process)
    // Without Node's own call, /proc is where getrusage's figures can be seen.
    const [truth, tick] = measured.node
      ? [measured.node, KERNEL_TICK]
      : [measured.proc, CLOCK_TICK + KERNEL_TICK]
    for (const part of PARTS) {
      expect(Math.abs(measured.own[part] - truth[part])).toBeLessThan(tick)
    }
  })
})
