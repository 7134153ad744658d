import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Client, ours, peers, sortedLines, sortedSamples } from './clients.js'
import { Player, type Sequence, SequenceMaker } from './sequences.js'

const SEEDS = 150
const STEPS = 60

interface Outcome {
  readonly calls: readonly string[]
  readonly lines: readonly string[]
  readonly samples: readonly string[]
}

/** What comes of a sequence at one client, all of them at the same time of day. */
async function outcomeOf(client: Client, sequence: Sequence): Promise<Outcome> {
  vi.setSystemTime(1e12)
  const player = new Player(client, sequence, (ms) => vi.advanceTimersByTime(ms))
  const calls = sequence.steps.map((step) => `${player.play(step)}: ${JSON.stringify(step)}`)
  player.registry.setDefaultLabels(sequence.defaultLabels)
  const lines = sortedLines(await player.registry.metrics())
  return { calls, lines, samples: sortedSamples(await player.registry.getMetricsAsJSON()) }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'hrtime'] })
})

afterEach(() => {
  vi.useRealTimers()
})

describe.each(peers)('beside $name', (peer) => {
  it(`gives and throws the same for ${SEEDS} sequences of calls`, async () => {
    let shown = 0
    let thrown = 0
    for (let seed = 1; seed <= SEEDS; seed++) {
      const sequence = new SequenceMaker(seed).make(STEPS)
      const theirs = await outcomeOf(peer, sequence)
      expect(await outcomeOf(ours, sequence), `seed ${seed}`).toEqual(theirs)
      shown += theirs.lines.length
      thrown += theirs.calls.filter((call) => call.startsWith('thrown')).length
    }
    // The sequences are no empty talk.
    expect(shown).toBeGreaterThan(SEEDS * 20)
    expect(thrown).toBeGreaterThan(SEEDS * 3)
  })
})
