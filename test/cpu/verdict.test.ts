import {
  STARVED_RUN_DELAY,
  STARVED_SLOWDOWN,
  type ThreadSample,
  VERDICTS,
  type Verdict,
} from 'threadmeter'
import { beforeAll, describe, expect, it } from 'vitest'
import { verdictOf } from '../../lib/cpu/verdict.js'
import { aheadOfOthers, onOneProcessor, runFixture } from '../fixtures/run.js'

type Sample = ThreadSample & { kind: string }

const unknown = Number.NaN

describe('verdictOf()', () => {
  it.each<[cpu: number, runDelay: number, loopActive: number, verdict: Verdict]>([
    [1, 0, 1, 'busy'],
    [0.95, 0.02, 1, 'busy'],
    [0.5, 0, 0.5, 'busy'],
    [0.6, 0, unknown, 'busy'],
    [0.9, unknown, 1, 'busy'],
    [2, 0, 1, 'busy'],
    [0, 0, 1, 'blocked'],
    [0.05, 0.01, 1, 'blocked'],
    [0.3, 0, 1, 'blocked'],
    [0, 0, 0.5, 'blocked'],
    [0, unknown, 1, 'blocked'],
    [0, 0, 0, 'idle'],
    [0.1, 0, 0.1, 'idle'],
    [0.3, 0.05, 0.4, 'idle'],
    [0, 0, unknown, 'idle'],
    [0.4, unknown, unknown, 'idle'],
    [0.33, 0.67, 1, 'starved'],
    [0, 1, 1, 'starved'],
    [0.1, 0.3, 0.4, 'starved'],
    [0, 0.5, unknown, 'starved'],
  ])('of CPU %d, run delay %d and loop %d is %4$s', (cpu, runDelay, loopActive, verdict) => {
    expect(verdictOf(cpu, runDelay, loopActive)).toBe(verdict)
  })

  it('starves from the documented share of run delay on', () => {
    expect(verdictOf(0.1, STARVED_RUN_DELAY, 1)).toBe('starved')
    expect(verdictOf(0.1, STARVED_RUN_DELAY - 0.001, 1)).not.toBe('starved')
  })

  it('starves only who is slowed down as much as documented', () => {
    const cpu = 0.6
    const delay = cpu * (STARVED_SLOWDOWN - 1)
    expect(delay).toBeGreaterThan(STARVED_RUN_DELAY)
    expect(verdictOf(cpu, delay + 0.001, 1)).toBe('starved')
    expect(verdictOf(cpu, delay - 0.001, 1)).toBe('busy')
  })

  it('gives nothing but the verdicts that are numbered', () => {
    const shares = [0, 0.1, 0.25, 0.5, 0.75, 1, unknown]
    const given = new Set<Verdict>()
    for (const cpu of shares.slice(0, -1)) {
      for (const delay of shares) for (const loop of shares) given.add(verdictOf(cpu, delay, loop))
    }
    expect([...given].sort()).toEqual([...VERDICTS].sort())
  })
})

const run = (mode: string, wrapper: string[] = []): Promise<Sample[]> =>
  runFixture('verdicts.mjs', { args: [mode], wrapper })

/** How often each verdict was given to the workers of a kind. */
function verdictsOf(samples: Sample[], kind: string): Partial<Record<Verdict, number>> {
  const counts: Partial<Record<Verdict, number>> = {}
  for (const sample of samples.filter((sample) => sample.kind === kind)) {
    counts[sample.verdict] = (counts[sample.verdict] ?? 0) + 1
  }
  return counts
}

describe('the verdict on threads that are', () => {
  let kinds: Sample[]

  beforeAll(async () => {
    kinds = await run('kinds', aheadOfOthers())
  })

  it('in a loop is busy', () => {
    const samples = kinds.filter(({ kind }) => kind === 'busy')
    expect(verdictsOf(kinds, 'busy').busy).toBeGreaterThanOrEqual(4)
    for (const { cpu, runDelay } of samples) expect(cpu + (runDelay ?? 0)).toBeGreaterThan(0.8)
  })

  it.each(['execSync', 'atomicsWait'])('in %s is blocked', (kind) => {
    expect(verdictsOf(kinds, kind)).toEqual({ blocked: 5 })
    for (const { cpu, eventLoopUtilization } of kinds.filter((sample) => sample.kind === kind)) {
      expect(cpu).toBeLessThan(0.05)
      expect(eventLoopUtilization).toBeGreaterThan(0.99)
    }
  })

  it('waiting for events is idle', () => {
    expect(verdictsOf(kinds, 'idle')).toEqual({ idle: 5 })
  })
})

describe('the verdict on three busy threads on one processor', () => {
  it('is starved for each of them', async () => {
    const samples = await run('crowd', onOneProcessor())
    expect(verdictsOf(samples, 'busy')).toEqual({ starved: 15 })
    const cores = samples.reduce((total, { cpu }) => total + cpu, 0) / 5
    expect(cores).toBeGreaterThan(0.3)
    expect(cores).toBeLessThan(1.05)
  })

  it('is starved also for one that gets no processor at all', async () => {
    const samples = (await run('last', onOneProcessor())).filter(({ kind }) => kind === 'last')
    const without = samples.filter(({ cpu }) => cpu === 0)
    expect(without.length).toBeGreaterThan(0)
    expect(verdictsOf(samples, 'last')).toEqual({ starved: 5 })
    // The kernel books a wait when it is over: nothing but the thread's state tells.
    expect(without.some(({ runDelay }) => runDelay === 0)).toBe(true)
  })
})
