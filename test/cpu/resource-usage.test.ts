import { type CpuUsage, type ThreadResourceUsage, threadResourceUsage } from 'threadmeter'
import { beforeAll, describe, expect, it } from 'vitest'
import { runFixture } from '../fixtures/run.js'

type Counted = Omit<ThreadResourceUsage, 'userCPUTime' | 'systemCPUTime'>
type Work = 'memory' | 'sleeps' | 'writes' | 'cpu'

interface Measured {
  start: ThreadResourceUsage
  end: ThreadResourceUsage
  outerStart: Counted
  innerStart: Counted
  innerEnd: Counted
  outerEnd: Counted
}

const COUNTED = [
  'minorPageFault',
  'majorPageFault',
  'fsRead',
  'fsWrite',
  'voluntaryContextSwitches',
  'involuntaryContextSwitches',
] as const

describe('threadResourceUsage()', () => {
  let results: Record<Work, Measured>
  let cpu: Record<'before' | 'between' | 'after', CpuUsage>
  let pages: number

  beforeAll(async () => {
    // With helper threads of its own V8 waits for them now and then, in the middle of a burn.
    ;({ results, cpu, pages } = await runFixture<{
      results: typeof results
      cpu: typeof cpu
      pages: number
    }>('resources.mjs', { nodeArgs: ['--single-threaded'] }))
  })

  const grown = (work: Work, field: keyof ThreadResourceUsage): number =>
    results[work].end[field] - results[work].start[field]

  it('has fields of process.resourceUsage() alone', () => {
    const usage = threadResourceUsage()
    const fields = Object.keys(usage)
    expect(fields.sort()).toEqual([...COUNTED, 'userCPUTime', 'systemCPUTime'].sort())
    expect(Object.keys(process.resourceUsage())).toEqual(expect.arrayContaining(fields))
    expect(Object.values(usage).every((value) => Number.isInteger(value) && value >= 0)).toBe(true)
  })

  it.each(COUNTED)('counts %s as /proc does', (field) => {
    for (const measured of Object.values(results)) {
      const { start, end, outerStart, innerStart, innerEnd, outerEnd } = measured
      expect(start[field]).toBeGreaterThanOrEqual(outerStart[field])
      expect(start[field]).toBeLessThanOrEqual(innerStart[field])
      expect(end[field]).toBeGreaterThanOrEqual(innerEnd[field])
      expect(end[field]).toBeLessThanOrEqual(outerEnd[field])
    }
  })

  it('counts a page fault for each page that is touched, or for each huge one', () => {
    expect(grown('memory', 'minorPageFault')).toBeGreaterThanOrEqual(pages / 512)
    expect(grown('memory', 'minorPageFault')).toBeGreaterThan(grown('cpu', 'minorPageFault'))
    expect(grown('memory', 'minorPageFault')).toBeLessThan(pages * 1.5)
  })

  it('counts a voluntary context switch for each sleep', () => {
    expect(grown('sleeps', 'voluntaryContextSwitches')).toBeGreaterThanOrEqual(50)
    expect(grown('sleeps', 'voluntaryContextSwitches')).toBeLessThan(100)
    expect(grown('cpu', 'voluntaryContextSwitches')).toBeLessThan(10)
  })

  it('counts blocks that are written where the file system has a disk', () => {
    const { innerStart, innerEnd } = results.writes
    const byProc = innerEnd.fsWrite - innerStart.fsWrite
    expect(grown('writes', 'fsWrite')).toBeGreaterThanOrEqual(byProc)
    expect(grown('writes', 'fsWrite') - byProc).toBeLessThan(64)
    expect(grown('sleeps', 'fsWrite')).toBe(0)
  })

  it('has the CPU time of threadCpuUsage()', () => {
    for (const mode of ['user', 'system'] as const) {
      expect(cpu.between[mode]).toBeGreaterThanOrEqual(cpu.before[mode])
      expect(cpu.between[mode]).toBeLessThanOrEqual(cpu.after[mode])
    }
    expect(grown('cpu', 'userCPUTime') + grown('cpu', 'systemCPUTime')).toBeGreaterThan(95_000)
  })
})
