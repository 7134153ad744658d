import { describe, expect, it } from 'vitest'
import { ThreadTotals } from '../../dist/adapters/thread-totals.js'
import type { ThreadRole } from '../../dist/cpu/roles.js'
import {
  FIGURES,
  randomNumbers,
  SimulatedProcess,
  type SimulatedThread,
  type Used,
} from './simulated-process.js'

const NS_PER_SECOND = 1e9
const NS_PER_MS = 1e6
const HELPERS: readonly ThreadRole[] = ['libuv', 'v8', 'inspector', 'observer']

const work = (thread: SimulatedThread, amount: number): void => {
  for (const [index, figure] of FIGURES.entries()) thread.used[figure] += amount * (index + 1)
}

function sum(parts: Iterable<Used>): Used {
  const total = { user: 0, system: 0, runDelay: 0, voluntary: 0, involuntary: 0 }
  for (const part of parts) for (const figure of FIGURES) total[figure] += part[figure] || 0
  return total
}

const byLabel = (totals: ThreadTotals): Record<string, number> =>
  Object.fromEntries(totals.series.map(({ thread, user }) => [thread, user]))

/** A thread's life in random steps, with a look at random times. */
function live(seed: number, steps: number, maxThreads: number, check: (at: LifeState) => void) {
  const random = randomNumbers(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const process = new SimulatedProcess()
  const totals = new ThreadTotals(maxThreads)
  process.register(process.start('main'))
  const anyone = (): SimulatedThread => process.threads[below(process.threads.length)]
  const nameOf = (): string | undefined =>
    [undefined, 'pool', `job-${below(500)}`, `${below(40)}`, `single${below(50)}x`][below(5)]

  const actions: (() => void)[] = [
    () => process.register(process.start('worker'), nameOf()),
    () => process.start(HELPERS[below(HELPERS.length)]),
    () => process.start('other', ['other', `addon-${below(80)}`][below(2)]),
    () => process.start('worker', 'WorkerThread'),
    () => {
      const thread = anyone()
      if (thread.threadId === null) process.register(thread, nameOf())
    },
    () => {
      const thread = anyone()
      if (thread.role === 'worker') process.rename(thread, `renamed-${below(30)}`)
    },
    () => {
      const thread = anyone()
      if (thread.role !== 'main') process.end(thread)
    },
    // Started and ended without a look having seen it.
    () => {
      const thread = process.start('worker')
      process.register(thread, nameOf())
      work(thread, below(1e6))
      process.end(thread)
    },
  ]
  for (let step = 0; step < steps; step++) {
    process.now += below(NS_PER_SECOND / 2)
    actions[below(actions.length)]()
    if (process.threads.length > 60) process.end(process.threads[1 + below(59)])
    for (let i = below(5); i > 0; i--) work(anyone(), below(1e6))
    if (random() < 0.3) {
      totals.add(process.look(), process.now / NS_PER_MS)
      check({ process, totals })
    }
  }
}

interface LifeState {
  process: SimulatedProcess
  totals: ThreadTotals
}

const seeds = [1, 2, 3, 4, 5, 6, 7, 8]

describe('totals over threads that come, go and are renamed at random', () => {
  it.each(seeds)('add up to what the threads used, to the microsecond (seed %i)', (seed) => {
    let looks = 0
    live(seed, 4000, 20, ({ process, totals }) => {
      looks++
      const counted = process.threads.map((thread) => thread.counted)
      expect(sum(totals.series)).toEqual(
        sum([process.endedRegistered, process.endedUnregistered, ...counted]),
      )
    })
    expect(looks).toBeGreaterThan(1000)
  })

  it.each(seeds)('never let a counter go down or a label vanish (seed %i)', (seed) => {
    let before = new Map<string, Used>()
    live(seed, 4000, 20, ({ totals }) => {
      const now = new Map(
        totals.series.map((series) => [`${series.role} ${series.thread}`, { ...series }]),
      )
      for (const [label, was] of before) {
        const is = now.get(label)
        const fell = FIGURES.filter((figure) => !is || is[figure] < was[figure])
        if (fell.length > 0) expect.fail(`${label}: ${fell} went down`)
      }
      before = now
    })
    expect(before.size).toBeGreaterThan(20)
  })

  it.each([1, 2, 20, 300])('keep to a budget of %i labels beside the roles', (maxThreads) => {
    let most = 0
    live(9, 4000, maxThreads, ({ totals }) => {
      const roles = new Set<string>(['main', 'worker', 'other', ...HELPERS])
      const labels = totals.series.filter(({ thread, role }) => thread !== role || !roles.has(role))
      most = Math.max(most, labels.length)
    })
    expect(most).toBeLessThanOrEqual(maxThreads)
    expect(most).toBeGreaterThanOrEqual(Math.min(maxThreads, 100) * 0.7)
  })
})

describe('labels', () => {
  const started = (name?: string, budget = 100) => {
    const process = new SimulatedProcess()
    const thread = process.start('worker')
    process.register(thread, name)
    work(thread, 10)
    const totals = new ThreadTotals(budget)
    totals.add(process.look(), process.now / NS_PER_MS)
    return { process, totals, thread }
  }

  it('share one series among workers of one name', () => {
    const { process, totals } = started('pool')
    const second = process.start('worker')
    process.register(second, 'pool')
    work(second, 5)
    totals.add(process.look(), process.now / NS_PER_MS)
    expect(byLabel(totals)).toEqual({ pool: 15 })
  })

  it('leave what was counted where it is when the thread ends', () => {
    const { process, totals, thread } = started('pool')
    process.end(thread)
    totals.add(process.look(), process.now / NS_PER_MS)
    totals.add(process.look(), process.now / NS_PER_MS)
    expect(byLabel(totals)).toEqual({ pool: 10 })
  })

  it('take the last work of a named worker into its series', () => {
    const { process, totals, thread } = started('pool')
    work(thread, 7)
    process.end(thread)
    totals.add(process.look(), process.now / NS_PER_MS)
    expect(byLabel(totals)).toEqual({ pool: 17 })
  })

  it('take the last work of an unnamed worker into the series of unnamed workers', () => {
    const { process, totals, thread } = started()
    work(thread, 7)
    process.end(thread)
    totals.add(process.look(), process.now / NS_PER_MS)
    expect(byLabel(totals)).toEqual({ 'worker-1': 10, worker: 7 })
  })

  it('let a renamed worker count under its new name from then on', () => {
    const { process, totals, thread } = started('before')
    process.rename(thread, 'after')
    work(thread, 7)
    totals.add(process.look(), process.now / NS_PER_MS)
    expect(byLabel(totals)).toEqual({ before: 10, after: 7 })
  })

  it('count a worker once that is renamed after a look and ends before the next', () => {
    const { process, totals, thread } = started('before')
    process.rename(thread, 'after')
    work(thread, 7)
    process.end(thread)
    totals.add(process.look(), process.now / NS_PER_MS)
    expect(byLabel(totals)).toEqual({ before: 10, after: 7 })
  })

  it('count what a worker used before it registered under the name it then tells', () => {
    const process = new SimulatedProcess()
    const totals = new ThreadTotals(100)
    const thread = process.start('worker', 'WorkerThread')
    work(thread, 10)
    totals.add(process.look(), process.now / NS_PER_MS)
    expect(byLabel(totals)).toEqual({})
    expect(totals.unsettled).toEqual({ user: 10, system: 20 })
    process.register(thread, 'pool')
    work(thread, 7)
    process.end(thread)
    totals.add(process.look(), process.now / NS_PER_MS)
    expect(byLabel(totals)).toEqual({ pool: 17 })
    expect(totals.unsettled).toEqual({ user: 0, system: 0 })
  })

  it('count a worker once that registers late and ends before the next look', () => {
    const process = new SimulatedProcess()
    const totals = new ThreadTotals(100)
    const late = process.start('worker', 'WorkerThread')
    work(late, 5)
    process.now += 2 * NS_PER_SECOND
    totals.add(process.look(), process.now / NS_PER_MS)
    process.register(late, 'pool')
    work(late, 3)
    process.end(late)
    totals.add(process.look(), process.now / NS_PER_MS)
    expect(byLabel(totals)).toEqual({ worker: 5, pool: 3 })
  })

  it('count a worker that never registers once it has been there for a second', () => {
    const process = new SimulatedProcess()
    const totals = new ThreadTotals(100)
    work(process.start('worker', 'WorkerThread'), 10)
    totals.add(process.look(), process.now / NS_PER_MS)
    process.now += NS_PER_SECOND
    totals.add(process.look(), process.now / NS_PER_MS)
    expect(byLabel(totals)).toEqual({ worker: 10 })
  })

  it('wait for a thread whose age cannot be told as long from when it was seen', () => {
    const process = new SimulatedProcess()
    const totals = new ThreadTotals(100)
    work(process.start('worker', 'WorkerThread'), 10)
    totals.add(process.look(), 0)
    process.now += NS_PER_SECOND
    totals.add(process.look(), 0)
    expect(byLabel(totals)).toEqual({ worker: 10 })
  })

  it('fold numbered workers beyond the budget into their pool', () => {
    const { process, totals } = started('job-1', 4)
    for (let i = 2; i <= 20; i++) {
      const thread = process.start('worker')
      process.register(thread, `job-${i}`)
      work(thread, 1)
    }
    totals.add(process.look(), process.now / NS_PER_MS)
    // Three quarters of the budget of four are for numbered names, the last is left for a pool's.
    expect(byLabel(totals)).toEqual({ 'job-1': 10, 'job-2': 1, 'job-3': 1, job: 17 })
  })

  it('leave the budget to threads that were seen alive', () => {
    const process = new SimulatedProcess()
    const totals = new ThreadTotals(4)
    for (let i = 1; i <= 20; i++) {
      const thread = process.start('worker')
      process.register(thread, `job-${i}`)
      work(thread, 1)
      process.end(thread)
    }
    const last = process.start('worker')
    process.register(last, 'job-20')
    work(last, 5)
    totals.add(process.look(), process.now / NS_PER_MS)
    expect(byLabel(totals)).toEqual({ job: 19, 'job-20': 6 })
  })

  it('fold what has no pool of its own into worker and other', () => {
    const { process, totals } = started('a', 1)
    for (const name of ['b', '17', undefined]) {
      const thread = process.start('worker')
      process.register(thread, name)
      work(thread, 1)
    }
    work(process.start('other', 'sqlite-1'), 5)
    totals.add(process.look(), process.now / NS_PER_MS)
    process.now += NS_PER_SECOND
    totals.add(process.look(), process.now / NS_PER_MS)
    expect(byLabel(totals)).toEqual({ a: 10, worker: 3, other: 5 })
  })

  it('tell the threadId of the main thread and of unnamed workers alone', () => {
    const { process, totals } = started()
    process.register(process.start('main'))
    process.register(process.start('worker'), 'pool')
    totals.add(process.look(), process.now / NS_PER_MS)
    const ids = totals.series.map(({ thread, threadId }) => [thread, threadId])
    expect(ids).toEqual([
      ['worker-1', 1],
      ['main', 0],
      ['pool', null],
    ])
  })

  it('strip the number of threads of other libraries', () => {
    const process = new SimulatedProcess()
    const totals = new ThreadTotals(100)
    for (const name of ['tokio-1', 'tokio-2', 'grpc 3', 'other', '4']) {
      work(process.start('other', name), 1)
    }
    totals.add(process.look(), process.now / NS_PER_MS)
    process.now += NS_PER_SECOND
    totals.add(process.look(), process.now / NS_PER_MS)
    expect(byLabel(totals)).toEqual({ tokio: 2, grpc: 1, other: 2 })
  })
})

describe('a look that fails half way', () => {
  it('costs nothing and counts nothing twice', () => {
    const process = new SimulatedProcess()
    const totals = new ThreadTotals(100)
    const [first, second] = ['first', 'second'].map((name) => {
      const thread = process.start('worker')
      process.register(thread, name)
      work(thread, 10)
      return thread
    })
    totals.add(process.look(), 0)
    work(first, 1)
    work(second, 1)
    const look = process.look()
    const identity = (uid: number) => {
      if (uid === second.uid) throw new Error('out of memory')
      return look.identity(uid)
    }
    expect(() => totals.add({ ...look, identity }, 0)).toThrow('out of memory')
    process.end(second)
    totals.add(process.look(), 0)
    expect(byLabel(totals)).toEqual({ first: 11, second: 11 })
  })
})

describe('figures that cannot be read', () => {
  it('are not those that are 0', () => {
    const process = new SimulatedProcess()
    const totals = new ThreadTotals(100)
    const thread = process.start('worker')
    process.register(thread, 'pool')
    thread.used.user = 5
    process.end(thread)
    totals.add(process.look(), process.now / NS_PER_MS)
    expect(totals.series[0]).toMatchObject({ user: 5, system: 0, voluntary: 0 })
  })

  it('are absent, and come with the end of the thread where that tells them', () => {
    const process = new SimulatedProcess()
    const totals = new ThreadTotals(100)
    const thread = process.start('worker')
    process.register(thread, 'pool')
    work(thread, 10)
    const look = process.look()
    look.rows.fill(Number.NaN, 8, 9)
    totals.add(look, process.now / NS_PER_MS)
    expect(totals.series[0]).toMatchObject({ user: 10, runDelay: Number.NaN })
    process.end(thread)
    totals.add(process.look(), process.now / NS_PER_MS)
    expect(totals.series[0]).toMatchObject({ user: 10, runDelay: 30 })
  })
})
