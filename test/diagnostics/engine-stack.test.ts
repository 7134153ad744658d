import { describe, expect, it } from 'vitest'
import type { StackReport } from '../../dist/diagnostics/model.js'
import { type Answer, contentOf, EngineApp } from './engine-app.js'

/** Within which a thread in a native call is said to be in one. */
const SAID_MS = 1500

const reportsOf = ({ outcomes }: Answer): Map<string, StackReport> =>
  new Map(outcomes.map((outcome) => [outcome.thread.name, contentOf(outcome)]))

const inAll = (state: string, bare = false) => ({
  main: state,
  workers: [
    { name: 'outer', state, bare },
    { name: 'inner', state, bare, under: 'outer' },
  ],
})

describe('a thread that runs JavaScript', () => {
  it.each([
    ['spin', 'spin'],
    ['fibonacci', 'fibonacci'],
    ['match', 'match'],
    ['waitForLock', 'waitForLock'],
    ['runWasm', 'runWasm'],
  ])('is in %s', async (state, name) => {
    const app = await EngineApp.start(inAll(state))
    const reports = reportsOf(await app.capture({ kind: 'stack', thread: 'all' }))
    expect([...reports.keys()].sort()).toEqual(['inner', 'main', 'outer'])
    for (const { state: found, frames, thread } of reports.values()) {
      expect([thread.name, found]).toEqual([thread.name, 'javascript'])
      expect(frames.map(({ functionName }) => functionName)).toContain(name)
      expect(frames.some(({ url }) => url.endsWith('/endless-states.mjs'))).toBe(true)
    }
  })

  it('is in microtasks without end, between which it runs no function', async () => {
    const app = await EngineApp.start(inAll('drain'))
    const reports = reportsOf(await app.capture({ kind: 'stack', thread: 'all' }))
    expect(reports.size).toBe(3)
    for (const { state, frames } of reports.values()) {
      expect(state).toBe('javascript')
      for (const { functionName } of frames) {
        expect(functionName).toMatch(
          /^(drain|processTicksAndRejections|processImmediate|.*Timers?)$/,
        )
      }
    }
  })

  it('is idle when it runs none', async () => {
    const app = await EngineApp.start(inAll('idle'))
    const reports = reportsOf(await app.capture({ kind: 'stack', thread: 'all' }))
    expect(reports.size).toBe(3)
    for (const report of reports.values())
      expect(report).toMatchObject({ state: 'idle', frames: [] })
  })

  it('is reached without threadmeter in it', async () => {
    const app = await EngineApp.start(inAll('spin', true))
    for (const thread of ['outer', 'inner']) {
      const report = await app.one<StackReport>({ kind: 'stack', thread })
      expect(report).toMatchObject({ state: 'javascript', thread: { name: thread } })
      expect(report.frames[0].functionName).toBe('spin')
      expect(report.kernel.state).toBe('R')
    }
  })
})

describe('a thread in a native call', () => {
  const NATIVE = [
    ['pbkdf2', { state: 'R', syscall: null }],
    ['exec', { state: 'S', syscall: 'epoll_pwait' }],
    ['readFifo', { state: 'S', syscall: 'read' }],
  ] as const

  it('is told by the kernel: workers, nested or not', async () => {
    const app = await EngineApp.start({
      workers: NATIVE.flatMap(([state]) => [
        { name: state, state },
        { name: `in ${state}`, state, under: state },
      ]),
    })
    const answer = await app.capture({ kind: 'stack', thread: 'all' })
    const reports = reportsOf(answer)
    expect(reports.get('main')).toMatchObject({ state: 'idle' })
    for (const [state, kernel] of NATIVE) {
      for (const name of [state, `in ${state}`]) {
        expect(reports.get(name)).toMatchObject({ state: 'native', frames: [], kernel })
      }
    }
    expect(answer.ms).toBeLessThan(SAID_MS)
  })

  it.each(NATIVE)('is told by the kernel: main in %s', async (main, kernel) => {
    const app = await EngineApp.start({ main })
    const [answer, refused] = await Promise.all([
      app.capture({ kind: 'stack', thread: 'main' }),
      app.capture({ kind: 'cpu-profile', thread: 'main' }),
    ])
    expect(reportsOf(answer).get('main')).toMatchObject({ state: 'native', frames: [], kernel })
    expect(answer.ms).toBeLessThan(SAID_MS)
    expect(refused.outcomes[0].error).toMatchObject({
      code: 'ERR_THREADMETER_THREAD_BLOCKED',
      message: expect.stringMatching(/^main is in a native call/),
      details: kernel,
    })
    expect(refused.ms).toBeLessThan(SAID_MS)
  })

  it('cuts off the workers that cannot be interrupted, and no others', async () => {
    const app = await EngineApp.start({
      main: 'pbkdf2',
      workers: [
        { name: 'outer', state: 'spin' },
        { name: 'inner', state: 'idle', under: 'outer' },
        { name: 'native', state: 'readFifo' },
        { name: 'bare', state: 'spin', bare: true },
      ],
    })
    const [answer, { failed }] = await Promise.all([
      app.capture({ kind: 'stack', thread: 'all' }),
      app.capture({ kind: 'stack', thread: 'bare' }),
    ])
    expect(answer.ms).toBeLessThan(SAID_MS)
    const [main, ...workers] = answer.outcomes
      .map((outcome) => contentOf<StackReport>(outcome))
      .sort((a, b) => a.thread.threadId - b.thread.threadId)
    expect(main).toMatchObject({ state: 'native' })
    const interrupt = { route: 'interrupt' }
    expect(workers).toMatchObject([
      { ...interrupt, state: 'javascript' },
      { state: 'native' },
      { ...interrupt, state: 'idle' },
    ])
    expect(workers[0].frames[0].functionName).toBe('spin')
    expect(failed).toMatchObject({
      code: 'ERR_THREADMETER_THREAD_NOT_FOUND',
      message: expect.stringMatching(/workers that only the main thread knows/),
    })
  })
})
