import { setTimeout } from 'node:timers/promises'
import {
  gettid,
  SAMPLE_ROW,
  THREAD_ROLES,
  type ThreadSample,
  ThreadSampler,
  threadCpuTime,
  VERDICTS,
} from 'threadmeter'
import { describe, expect, it } from 'vitest'
import { burnSystem, burnUser } from '../fixtures/burn.mjs'
import { tids } from '../fixtures/proc.mjs'
import { runFixture } from '../fixtures/run.js'
import { Sleeper } from '../fixtures/sleeper.js'

const { length: WIDTH, ...COLUMNS } = SAMPLE_ROW
const ROWS = 64

const ofTid = (samples: ThreadSample[], tid: number): ThreadSample => {
  const sample = samples.find((thread) => thread.tid === tid)
  if (sample === undefined) throw new Error(`no sample of thread ${tid}`)
  return sample
}

type Row = Record<keyof typeof COLUMNS, number>

const rowsOf = (target: Float64Array, count: number): Row[] =>
  Array.from({ length: count }, (_, row) =>
    Object.fromEntries(
      Object.entries(COLUMNS).map(([name, column]) => [name, target[row * WIDTH + column]]),
    ),
  ) as Row[]

/** CPU time of a sample in ns. */
const cpuOf = ({ cpu, interval }: ThreadSample): number => cpu * interval * 1e6

describe('ThreadSampler', () => {
  it('gives the CPU that a thread used between two looks', () => {
    // Its own readings right outside and right inside of the window.
    const outerStart = threadCpuTime()
    const sampler = new ThreadSampler()
    const innerStart = threadCpuTime()
    burnUser(100)
    const innerEnd = threadCpuTime()
    const cpu = cpuOf(ofTid(sampler.sample(), gettid()))
    const outerEnd = threadCpuTime()
    expect(cpu).toBeGreaterThanOrEqual((innerEnd - innerStart) * (1 - 1e-9))
    expect(cpu).toBeLessThanOrEqual((outerEnd - outerStart) * (1 + 1e-9))
    expect(innerEnd - innerStart).toBeGreaterThan(95e6)
  })

  it('gives the time between the looks', async () => {
    const outer = performance.now()
    const sampler = new ThreadSampler()
    const inner = performance.now()
    await setTimeout(50)
    const end = performance.now()
    const { interval } = ofTid(sampler.sample(), gettid())
    expect(interval).toBeGreaterThanOrEqual(end - inner)
    expect(interval).toBeLessThanOrEqual(performance.now() - outer)
  })

  it('divides the CPU into user and system', () => {
    const sampler = new ThreadSampler()
    burnUser(200)
    const user = ofTid(sampler.sample(), gettid())
    burnSystem(200)
    const system = ofTid(sampler.sample(), gettid())
    for (const sample of [user, system]) {
      expect(sample.user + sample.system).toBeCloseTo(sample.cpu, 9)
    }
    expect(user.user / user.cpu).toBeGreaterThan(0.7)
    expect(system.system / system.cpu).toBeGreaterThan(0.7)
  })

  it('has a sample of each thread of the process', () => {
    const samples = new ThreadSampler().sample()
    expect(samples.map(({ tid }) => tid).sort()).toEqual(tids().sort())
    for (const sample of samples) {
      expect(Object.keys(sample)).toEqual([
        'tid',
        'threadId',
        'name',
        'role',
        'interval',
        'cpu',
        'user',
        'system',
        'runDelay',
        'eventLoopUtilization',
        'verdict',
      ])
      expect(sample.eventLoopUtilization === null).toBe(sample.threadId === null)
      for (const share of [sample.runDelay, sample.eventLoopUtilization ?? 0]) {
        expect(share).toBeGreaterThanOrEqual(0)
        expect(share).toBeLessThanOrEqual(1)
      }
    }
  })

  it('calls a thread that is in a turn of its loop and one that is not by that', async () => {
    const sleeper = await Sleeper.start()
    const sampler = new ThreadSampler()
    await setTimeout(60)
    const samples = sampler.sample()
    await sleeper.end()
    expect(ofTid(samples, sleeper.tid)).toMatchObject({ cpu: 0, verdict: 'blocked' })
    expect(ofTid(samples, sleeper.tid).eventLoopUtilization).toBe(1)
    expect(ofTid(samples, gettid()).eventLoopUtilization).toBeLessThan(0.5)
  })

  it('counts all that a thread used which started between two looks', async () => {
    const sampler = new ThreadSampler()
    const sleeper = await Sleeper.start()
    const sample = ofTid(sampler.sample(), sleeper.tid)
    expect(cpuOf(sample)).toBeGreaterThanOrEqual(sleeper.cpuTime * (1 - 1e-9))
    expect(cpuOf(ofTid(sampler.sample(), sleeper.tid))).toBe(0)
    await sleeper.end()
  })

  it('leaves out a thread that ended, and goes on with the others', async () => {
    const [first, second] = [await Sleeper.start(), await Sleeper.start()]
    const sampler = new ThreadSampler()
    await first.end()
    burnUser(20)
    const samples = sampler.sample()
    expect(samples.some(({ tid }) => tid === first.tid)).toBe(false)
    expect(ofTid(samples, second.tid).cpu).toBe(0)
    expect(cpuOf(ofTid(samples, gettid()))).toBeGreaterThan(15e6)
    await second.end()
  })

  it('is not disturbed by another sampler', () => {
    const tid = gettid()
    const long = new ThreadSampler()
    const short = new ThreadSampler()
    let sum = 0
    let time = 0
    for (let round = 0; round < 5; round++) {
      burnUser(10)
      const sample = ofTid(short.sample(), tid)
      sum += cpuOf(sample)
      time += sample.interval
    }
    const whole = ofTid(long.sample(), tid)
    expect(cpuOf(whole)).toBeGreaterThanOrEqual(sum)
    // What is more is the time between the two samplers' looks.
    expect(cpuOf(whole) - sum).toBeLessThanOrEqual((whole.interval - time) * 1e6 + 1e5)
  })

  it('tells by uid who a row belongs to', () => {
    const sampler = new ThreadSampler()
    const target = new Float64Array(ROWS * WIDTH)
    const rows = rowsOf(target, sampler.sampleInto(target))
    const own = rowsOf(target, sampler.sampleInto(target)).find(
      ({ tid }) => tid === gettid(),
    ) as Row
    expect(sampler.identity(own.uid)).toMatchObject({ tid: gettid(), role: 'main', name: 'main' })
    expect(new Set(rows.map(({ uid }) => uid)).size).toBe(rows.length)
    expect(sampler.identity(-1)).toBeUndefined()
  })
})

describe('ThreadSampler.sampleInto()', () => {
  it('writes the figures of sample()', async () => {
    const sleeper = await Sleeper.start()
    const [numbers, objects] = [new ThreadSampler(), new ThreadSampler()]
    const target = new Float64Array(ROWS * WIDTH)
    await setTimeout(100)
    const rows = rowsOf(target, numbers.sampleInto(target))
    const samples = objects.sample()
    await sleeper.end()
    expect(rows.map(({ tid }) => tid)).toEqual(samples.map(({ tid }) => tid))
    for (const row of rows) {
      const sample = ofTid(samples, row.tid)
      expect(row.threadId).toBe(sample.threadId ?? Number.NaN)
      expect(THREAD_ROLES[row.role]).toBe(sample.role)
      expect(Math.abs(row.interval - sample.interval)).toBeLessThan(20)
      if (row.tid === gettid()) continue
      expect(VERDICTS[row.verdict]).toBe(sample.verdict)
      expect(Number.isNaN(row.eventLoopUtilization)).toBe(sample.eventLoopUtilization === null)
    }
    const asleep = rows.find(({ tid }) => tid === sleeper.tid)
    expect(asleep).toMatchObject({
      cpu: 0,
      user: 0,
      system: 0,
      runDelay: 0,
      eventLoopUtilization: 1,
    })
  })

  it('writes as many rows as fit, and nothing behind them', () => {
    const sampler = new ThreadSampler()
    const small = new Float64Array(2 * WIDTH + 5).fill(-7)
    const count = sampler.sampleInto(small)
    expect(count).toBe(tids().length)
    expect(rowsOf(small, 2).every(({ tid }) => tids().includes(tid))).toBe(true)
    expect([...small.subarray(2 * WIDTH)]).toEqual([-7, -7, -7, -7, -7])
    expect(sampler.sampleInto(new Float64Array(0))).toBe(count)
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an array', []],
    ['another typed array', new Float32Array(100)],
    ['a buffer', new ArrayBuffer(100)],
  ])('refuses %s as a target', (_, wrong) => {
    expect(() => new ThreadSampler().sampleInto(wrong as never)).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        code: 'ERR_THREADMETER_INVALID_ARG_TYPE',
        message: expect.stringMatching(/^"target" must be a Float64Array\. Received /),
      }),
    )
  })
})

describe('10,000 calls', () => {
  it('of the forms for numbers leave nothing on the heap', async () => {
    const bytes = await runFixture<Record<string, number>>('allocation.mjs', {
      nodeArgs: ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'],
    })
    // The smallest thing on the heap, a number, takes 12 bytes: one for each call would be 120 kB.
    expect(bytes.threadsInto).toBeLessThan(60_000)
    expect(bytes.threadsIntoWithOptions).toBeLessThan(60_000)
    expect(bytes.sampleInto).toBeLessThan(60_000)
    expect(bytes.objects).toBeGreaterThan(10_000 * (bytes.threads as number) * 12)
  })
})
