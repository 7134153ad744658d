import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CProgram, compileC } from '../fixtures/compile.js'
import { runFixture } from '../fixtures/run.js'

const COUNT = 300
const BURN_US = 1000
// A longer jump of the wall clock means that the thread was off the processor: no known burn then.
const LARGEST_GAP_US = 50
const ARGS = [COUNT, BURN_US, LARGEST_GAP_US].map(String)

type Burn = [truthNs: number, figureNs: number]

const zeroShare = (burns: Burn[]): number =>
  burns.filter(([, figure]) => figure === 0).length / burns.length

/** µs between a burn and its figure, in the middle of all tries. */
function medianError(burns: Burn[]): number {
  const errors = burns.map(([truth, figure]) => Math.abs(figure - truth) / 1e3)
  return errors.sort((a, b) => a - b)[Math.floor(errors.length / 2)] as number
}

describe('burns of 1 ms', () => {
  let program: CProgram
  let reference: { tickNs: number; threadClock: Burn[]; getrusage: Burn[] }
  let figures: Record<string, Burn[]>

  beforeAll(async () => {
    program = compileC('burns.c')
    reference = JSON.parse(execFileSync(program.path, ARGS, { encoding: 'utf8' }))
    figures = await runFixture('burns.mjs', { args: ARGS })
  })

  afterAll(() => program.remove())

  it('can be told by the thread clock, as a C program shows', () => {
    expect(reference.threadClock).toHaveLength(COUNT)
    expect(zeroShare(reference.threadClock)).toBe(0)
    expect(medianError(reference.threadClock)).toBeLessThan(50)
  })

  it.each(['threadCpuTime', 'threadCpuUsage'])('never read 0 by %s()', (name) => {
    const burns = figures[name] as Burn[]
    expect(burns).toHaveLength(COUNT)
    expect(zeroShare(burns)).toBe(0)
    expect(Math.min(...burns.map(([, figure]) => figure))).toBeGreaterThan((BURN_US * 1e3) / 2)
  })

  it.each(['threadCpuTime', 'threadCpuUsage'])(
    'have a median error under 50 µs by %s()',
    (name) => {
      const error = medianError(figures[name] as Burn[])
      expect(error).toBeLessThan(50)
      expect(error).toBeLessThan(medianError(reference.threadClock) + 25)
    },
  )

  // A bare getrusage moves once a timer tick: it misses most burns that are shorter, and books a whole
  // tick on the others.
  const expectStale = (burns: Burn[]): void => {
    const missed = Math.max(1 - (BURN_US * 1e3) / reference.tickNs, 0)
    expect(burns).toHaveLength(COUNT)
    expect(zeroShare(burns)).toBeGreaterThanOrEqual(missed / 2)
    const ours = medianError(figures.threadCpuUsage as Burn[])
    expect(medianError(burns) / ours).toBeGreaterThan(10)
  }

  it('are mostly missed by a bare getrusage(RUSAGE_THREAD)', () => {
    expectStale(reference.getrusage)
  })

  it("are as badly read by Node's own call, where it has one", () => {
    const own = figures['process.threadCpuUsage']
    expect(own !== undefined).toBe('threadCpuUsage' in process)
    expectStale(own ?? reference.getrusage)
  })
})
