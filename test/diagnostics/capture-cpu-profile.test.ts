import type { CpuProfile } from 'threadmeter/diagnostics'
import { describe, expect, it } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { during, ownShares, sumOf, type Taken, temporaryDirectory } from './capturing.js'

const { version } = packageJson

describe('a CPU profile that begins in the middle of a loop', () => {
  it('names the loop, and not its caller as without the cure', async () => {
    const [untreated, treated] = await during<[Taken<CpuProfile>, Taken<CpuProfile>]>(
      'spin',
      [
        { kind: 'raw', afterMs: 500, seconds: 0.4 },
        { kind: 'cpu-profile', seconds: 0.8, interval: 500 },
      ],
      1900,
    )
    const trapped = ownShares(untreated.json)
    expect(trapped.get('spinsFor')).toBeGreaterThan(0.8)
    const shares = ownShares(treated.json)
    expect(shares.get('spinning')).toBeGreaterThan(0.8)
    expect(shares.get('spinsFor') ?? 0).toBeLessThan(0.1)

    const { threadmeter, startTime, endTime, timeDeltas, samples } = treated.json
    expect(threadmeter).toMatchObject({
      kind: 'cpu-profile',
      thread: { threadId: 0, role: 'main' },
      program: 'capture-scenes.mjs',
      route: 'inspector',
      partial: null,
      versions: { threadmeter: version, node: process.version, app: 'scenes@1.2.3' },
    })
    expect(threadmeter.stackAtStart?.slice(0, 2).map(({ functionName }) => functionName)).toEqual([
      'spinning',
      'spinsFor',
    ])
    // What V8 counts is the time that was asked for, and lies within what the kernel's clocks tell of.
    const { seconds, cpuSeconds, runDelaySeconds } = threadmeter.window
    expect((endTime - startTime) / 1e6).toBeGreaterThanOrEqual(0.8)
    expect((endTime - startTime) / 1e6).toBeLessThanOrEqual(seconds)
    // Missing is what passes after the last sample, until the profiler's own thread has stopped.
    expect(sumOf(timeDeltas) / (endTime - startTime)).toBeGreaterThan(0.85)
    expect(sumOf(timeDeltas) / (endTime - startTime)).toBeLessThan(1.01)
    expect(((cpuSeconds ?? 0) + (runDelaySeconds ?? 0)) / seconds).toBeGreaterThan(0.9)
    expect(seconds).toBeGreaterThan(0.8)
    expect(samples.length).toBeGreaterThan(400)
  })

  it('of a worker, beside an idle main thread', async () => {
    const [main, worker] = await during<[Taken<CpuProfile>, Taken<CpuProfile>]>(
      'worker',
      [
        { kind: 'cpu-profile', afterMs: 400, seconds: 0.3 },
        { kind: 'cpu-profile', seconds: 0.5, thread: 'spinner' },
      ],
      1500,
    )
    expect(ownShares(main.json).get('(idle)')).toBeGreaterThan(0.8)
    expect(main.json.threadmeter.stackAtStart).toEqual([])
    expect(main.json.threadmeter.window.eventLoopUtilization).toBeLessThan(0.2)
    const shares = ownShares(worker.json)
    expect(shares.get('spinning')).toBeGreaterThan(0.8)
    expect(shares.get('spinsFor') ?? 0).toBeLessThan(0.1)
    expect(worker.json.threadmeter.thread).toMatchObject({ name: 'spinner', role: 'worker' })
    expect(worker.json.threadmeter.window.cpuSeconds).toBeGreaterThan(0.1)
    expect(worker.json.threadmeter.window.eventLoopUtilization).toBeGreaterThan(0.9)
  })
})

it('tells the event loop utilization of a thread that works 0.3 of the time', async () => {
  const [{ json }] = await during<[Taken<CpuProfile>]>('partly', [
    { kind: 'cpu-profile', afterMs: 200, seconds: 1 },
  ])
  const { eventLoopUtilization } = json.threadmeter.window
  // Of the kernel's clocks the profiler itself takes a part, and all that has to wait for a processor.
  expect(eventLoopUtilization).toBeGreaterThan(0.2)
  expect(eventLoopUtilization).toBeLessThan(0.45)
})

describe('a CPU profile that ends before its time', () => {
  it('brings what there is, and leaves no profiler behind', async () => {
    const [aborted, ended, left] = await during<
      [Taken<CpuProfile>, Taken<CpuProfile>, Taken<object>]
    >(
      'spin',
      [
        { kind: 'cpu-profile', afterMs: 300, seconds: 30, abortAfterMs: 600 },
        { kind: 'cpu-profile', seconds: 30, endAfterMs: 300, lingerMs: 50 },
        { kind: 'leftBehind', afterMs: 100 },
      ],
      1200,
    )
    expect(aborted.json.threadmeter.partial).toBe('aborted')
    expect(aborted.json.threadmeter.window.seconds).toBeLessThan(3)
    expect(ownShares(aborted.json).get('spinning')).toBeGreaterThan(0.8)
    const progress = aborted.events.filter(({ event }) => event === 'progress')
    expect(aborted.events[0]).toMatchObject({ event: 'started', seconds: 30 })
    expect(progress.length).toBeGreaterThanOrEqual(1)
    expect(progress.length).toBeLessThanOrEqual(4 * (aborted.tookMs / 1000))
    expect(ended.json.threadmeter.partial).toBe('thread ended')
    expect(ended.endingTaken).toBe(true)
    for (const { commands } of [aborted, ended]) expect(commands.at(-1)).toBe('Profiler.disable')
    expect(left.json).toEqual({ profilerThreads: 0, sampling: false, gcProfilers: 0 })
  })

  it('is not treated where the thread collects coverage of its own', async () => {
    const environment = { NODE_V8_COVERAGE: temporaryDirectory() }
    const [{ commands }] = await during<[Taken]>(
      'idle',
      [{ kind: 'cpu-profile', seconds: 0.05 }],
      0,
      environment,
    )
    expect(commands).toContain('Profiler.start')
    expect(commands).not.toContain('Profiler.startPreciseCoverage')
  })
})
