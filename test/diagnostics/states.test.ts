import { afterAll, expect, it } from 'vitest'
import type { CpuProfile } from '../../dist/diagnostics/index.js'
import { runtimeDirectory } from '../observer/running.js'
import { startInState } from '../proof/diagnostics-subject.js'
import { Program } from '../proof/program.js'
import { selfShares } from '../proof/self-shares.js'

afterAll(() => Program.killAll())

/**
 * The profile from the first sample of a function on. Between the commands that start it and those that make
 * V8 forget its code, which come right behind, samples are the caller's: a moment, but on a crowded machine as
 * long as another thread has the processor.
 */
function sinceFirst(name: string, profile: CpuProfile): CpuProfile {
  const { nodes, samples, timeDeltas } = profile
  const ids = new Set(
    nodes.filter(({ callFrame }) => callFrame.functionName === name).map(({ id }) => id),
  )
  const first = samples.findIndex((id) => ids.has(id))
  if (first < 0) return profile
  return { ...profile, samples: samples.slice(first), timeDeltas: timeDeltas.slice(first) }
}

// The tightest of loops, of which V8 by itself sees nothing once it spins. All other states: test/proof.
it.each([
  ['main', 0],
  ['a worker', 1],
  ['a nested worker', 2],
] as const)('a loop that spins already is not counted as its caller: %s', async (_, depth) => {
  const environment = { THREADMETER_DIR: runtimeDirectory() }
  // What goes wrong does so in one of three.
  const subjects = await Promise.all([0, 1].map(() => startInState(depth, ['spin'], environment)))
  for (const { ask, target } of subjects) {
    const profile = await ask.cpuProfile(target, { seconds: 0.4 })
    const treated = sinceFirst('spin', profile)
    const shares = selfShares(treated)
    expect(treated.samples.length).toBeGreaterThan(profile.samples.length / 2)
    expect(shares.get('spin') ?? 0, JSON.stringify([...shares])).toBeGreaterThan(0.8)
    expect(shares.get('blameless') ?? 0).toBeLessThan(0.1)
    expect(profile.threadmeter.stackAtStart?.[0]?.functionName).toBe('spin')
  }
  await Promise.all(subjects.map(({ program }) => program.kill()))
})
