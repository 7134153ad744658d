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

interface Registered {
  readonly registry: { metrics(): Promise<string>; getMetricsAsJSON(): Promise<Sampled> }
}

type Sampled = Parameters<typeof sortedSamples>[0]

/** What comes of the sequences of several threads, aggregated. */
async function aggregateOf(client: Client, sequences: readonly Sequence[]): Promise<string[]> {
  vi.setSystemTime(1e12)
  const registries = sequences.map((sequence): Registered => {
    const player = new Player(client, sequence, (ms) => vi.advanceTimersByTime(ms))
    for (const step of sequence.steps) player.play(step)
    return player
  })
  const all = await Promise.all(registries.map(({ registry }) => registry.getMetricsAsJSON()))
  const { AggregatorRegistry } = client.module
  return sortedLines(await AggregatorRegistry.aggregate(all).metrics())
}

/** What a metric of this configuration comes to: an exposition, or 'thrown'. */
async function configured(
  client: Client,
  type: string,
  configuration: (registry: unknown) => unknown,
): Promise<string[] | 'thrown'> {
  const registry = new client.module.Registry()
  try {
    new client.module[type](configuration(registry))
  } catch {
    return 'thrown'
  }
  return sortedLines(await registry.metrics())
}

const CONFIGURATIONS: readonly [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['a string', 'name'],
  ['no name', { help: 'h' }],
  ['an empty name', { name: '', help: 'h' }],
  ['a name with a dash', { name: 'a-b', help: 'h' }],
  ['a name that begins with a digit', { name: '1a', help: 'h' }],
  ['a name with colons', { name: 'a:b', help: 'h' }],
  ['no help', { name: 'a' }],
  ['an empty help', { name: 'a', help: '' }],
  ['label names', { name: 'a', help: 'h', labelNames: ['b', '_c9'] }],
  ['a label name with a colon', { name: 'a', help: 'h', labelNames: ['b:c'] }],
  ['an empty label name', { name: 'a', help: 'h', labelNames: [''] }],
  ['le as a label name', { name: 'a', help: 'h', labelNames: ['le'] }],
  ['a collect that is no function', { name: 'a', help: 'h', collect: 'now' }],
  ['buckets', { name: 'a', help: 'h', buckets: [1, 2] }],
  ['no buckets', { name: 'a', help: 'h', buckets: [] }],
]

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

  it('aggregates the same, whatever the aggregators', async () => {
    let shown = 0
    for (let seed = 1; seed <= 40; seed++) {
      // Threads have the same metrics, of which each counts something else.
      const first = new SequenceMaker(seed).make(STEPS)
      const others = [1, 2].map((more) => ({
        ...first,
        steps: new SequenceMaker(1000 * more + seed).steps(first.metrics, STEPS),
      }))
      const theirs = await aggregateOf(peer, [first, ...others])
      expect(await aggregateOf(ours, [first, ...others]), `seed ${seed}`).toEqual(theirs)
      shown += theirs.length
    }
    expect(shown).toBeGreaterThan(40 * 10)
  })

  it.each(CONFIGURATIONS)('takes or throws at the same configurations: %s', async (_, given) => {
    for (const type of ['Counter', 'Gauge', 'Histogram']) {
      const withRegistry = (registry: unknown): unknown =>
        typeof given === 'object' && given !== null ? { ...given, registers: [registry] } : given
      expect(await configured(ours, type, withRegistry), type).toEqual(
        await configured(peer, type, withRegistry),
      )
    }
  })
})

// 0.16 takes labels for the same when their values joined by '|' are.
it('keeps series apart as prom-client does, whatever characters are in their labels', async () => {
  const [promClient] = peers as [Client]
  for (let seed = 1; seed <= 50; seed++) {
    const sequence = new SequenceMaker(seed, ['|', 'a|b', 'b|', '||']).make(STEPS)
    const theirs = await outcomeOf(promClient, sequence)
    expect(await outcomeOf(ours, sequence), `seed ${seed}`).toEqual(theirs)
  }
})
