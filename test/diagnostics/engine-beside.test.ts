import { expect, it } from 'vitest'
import type { CpuProfile } from '../../dist/diagnostics/model.js'
import { type Answer, EngineApp } from './engine-app.js'

function shareOf(name: string, { outcomes }: Answer): number {
  const { nodes, samples } = JSON.parse(outcomes[0].json as string) as CpuProfile
  const own = new Set(nodes.filter((n) => n.callFrame.functionName === name).map(({ id }) => id))
  return samples.filter((id) => own.has(id)).length / samples.length
}

it.each(['main', 'one'])(
  'profiles a spinning loop beside captures of all kinds, and after another: %s',
  async (thread) => {
    const app = await EngineApp.start({ main: 'spin', workers: [{ name: 'one', state: 'spin' }] })
    const profile = () => app.capture({ kind: 'cpu-profile', thread, seconds: 0.4 })
    const first = profile()
    const others = Promise.all([
      app.capture({ kind: 'gc-profile', thread, seconds: 0.4 }),
      app.capture({ kind: 'heap-profile', thread, seconds: 0.4 }),
      ...Array.from({ length: 5 }, () => app.capture({ kind: 'stack', thread })),
    ])
    const second = profile()
    for (const answer of [await first, await second, await profile()]) {
      expect(shareOf('spin', answer)).toBeGreaterThan(0.7)
      const names = JSON.stringify(answer.outcomes[0].json)
      expect(names).not.toContain('threadmeterAnswersLetter')
    }
    for (const { outcomes } of await others) expect(outcomes[0].error).toBeUndefined()
  },
)
