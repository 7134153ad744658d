import { constants } from 'node:perf_hooks'
import type { GarbageCollection, GcProfile } from 'threadmeter/diagnostics'
import { describe, expect, it } from 'vitest'
import { during, sumOf, type Taken } from './capturing.js'

interface Seen {
  readonly startedAt: number
  readonly duration: number
  readonly kind: number
}

const KINDS: Readonly<Record<string, number>> = {
  Scavenge: constants.NODE_PERFORMANCE_GC_MINOR,
  MarkSweepCompact: constants.NODE_PERFORMANCE_GC_MAJOR,
  IncrementalMarking: constants.NODE_PERFORMANCE_GC_INCREMENTAL,
  ProcessWeakCallbacks: constants.NODE_PERFORMANCE_GC_WEAKCB,
}

const distances = (collections: readonly GarbageCollection[], seen: readonly Seen[]): number[] =>
  collections.map(({ pause }, i) => Math.abs(pause - (seen[i] as Seen).duration))

/** The part of what the thread saw itself that is most like the collections. */
function likestOf(collections: readonly GarbageCollection[], seen: readonly Seen[]): Seen[] {
  const { length } = collections
  const parts = seen
    .slice(0, seen.length - length + 1)
    .map((_, at) => seen.slice(at, at + length))
    .map((part) => ({ part, distance: sumOf(distances(collections, part)) }))
  return parts.sort((a, b) => a.distance - b.distance)[0]?.part as Seen[]
}

const medianOf = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] as number

describe('a list of garbage collections', () => {
  it('is what the thread itself sees: kinds, pauses and times', async () => {
    const [{ json }, { collections: seen }] = await during<
      [Taken<GcProfile>, { collections: Seen[] }]
    >('litter', [{ kind: 'gc-profile', afterMs: 200, seconds: 1 }], 2500)
    const { collections, threadmeter } = json
    const { startedAt, seconds } = threadmeter.window
    expect(collections.length).toBeGreaterThan(10)
    // Of all that lie well within the window, none is missing.
    const within = seen.filter(
      (entry) =>
        entry.startedAt > startedAt + 50 && entry.startedAt < startedAt + seconds * 1000 - 50,
    )
    expect(collections.length).toBeGreaterThanOrEqual(within.length)
    const likest = likestOf(collections, seen)
    expect(collections.map(({ kind }) => KINDS[kind])).toEqual(likest.map(({ kind }) => kind))
    const pause = medianOf(likest.map(({ duration }) => duration))
    expect(medianOf(distances(collections, likest)) / pause).toBeLessThan(0.1)
    // Each is known to lie between two looks, 100 ms apart.
    const errors = likest.map((entry, i) =>
      Math.abs(entry.startedAt - (collections[i] as GarbageCollection).startedAt),
    )
    expect(medianOf(errors)).toBeLessThan(100)
    const pauses = sumOf(collections.map(({ pause }) => pause))
    expect(pauses).toBeGreaterThan(0)
    expect(pauses).toBeLessThan((threadmeter.window.cpuSeconds ?? 0) * 1000 * 4)
    for (const { kind, heapUsedBefore, heapUsedAfter, heapTotalAfter } of collections) {
      expect(heapUsedAfter).toBeLessThanOrEqual(heapTotalAfter)
      if (kind === 'Scavenge') expect(heapUsedAfter).toBeLessThan(heapUsedBefore)
    }
  })

  it('ends early with what there is, and leaves no observer behind', async () => {
    const lines = await during<(Taken<GcProfile> | { collections: Seen[] })[]>(
      'litter',
      [
        { kind: 'gc-profile', afterMs: 100, seconds: 30, abortAfterMs: 500 },
        { kind: 'gc-profile', seconds: 30, endAfterMs: 300, lingerMs: 50 },
        { kind: 'gc-profile', seconds: 30, refuse: ['Runtime.callFunctionOn'] },
        { kind: 'leftBehind' },
      ],
      1200,
    )
    // What the thread tells itself may come in between.
    const taken = lines.filter((line) => !('collections' in line)) as Taken<GcProfile>[]
    const [aborted, ended, refused, left] = taken as [
      ...[Taken<GcProfile>, Taken<GcProfile>, Taken, Taken<object>],
    ]
    expect(aborted.json.threadmeter.partial).toBe('aborted')
    expect(aborted.json.collections.length).toBeGreaterThan(0)
    expect(ended.json.threadmeter.partial).toBe('thread ended')
    expect(ended.endingTaken).toBe(true)
    expect(refused.error?.message).toContain('is refused')
    for (const { commands } of [aborted, ended, refused]) {
      expect(commands.at(-1)).toBe('Runtime.releaseObjectGroup')
    }
    expect(left.json).toMatchObject({ gcProfilers: 0 })
  })

  it('is had in the middle of a loop, too', async () => {
    const [{ json }] = await during<[Taken<GcProfile>]>(
      'spin',
      [{ kind: 'gc-profile', afterMs: 400, seconds: 0.3 }],
      900,
    )
    expect(json.threadmeter.stackAtStart?.[0]?.functionName).toBe('spinning')
    expect(json.threadmeter.window.seconds).toBeLessThan(0.8)
  })
})
