import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { CpuProfile, StackReport } from '../../dist/diagnostics/model.js'
import { contentOf, EngineApp } from './engine-app.js'

describe('which thread is meant', () => {
  it('is told by threadId, name or main, and by what there is where it cannot be', async () => {
    const app = await EngineApp.start({
      workers: [{ name: 'one' }, { name: 'twin' }, { name: 'twin', bare: true }, {}],
    })
    const threads = await app.threads()
    expect(threads.map(({ name, role }) => [name, role])).toEqual([
      ['main', 'main'],
      ['one', 'worker'],
      ['twin', 'worker'],
      ['twin', 'worker'],
      [`worker-${threads[4].threadId}`, 'worker'],
    ])
    const [, { threadId: one }, { threadId: two }, { threadId: three }] = threads
    const meant = async (thread: unknown) =>
      (await app.one<StackReport>({ kind: 'stack', thread })).thread.threadId
    expect(await meant('main')).toBe(0)
    expect(await meant(0)).toBe(0)
    expect(await meant('one')).toBe(one)
    expect(await meant(two)).toBe(two)
    expect(await meant(String(three))).toBe(three)
    await expect(meant('twin')).rejects.toMatchObject({
      code: 'ERR_THREADMETER_THREAD_AMBIGUOUS',
      message: expect.stringContaining(`${two}, ${three}`),
    })
    await expect(meant('nobody')).rejects.toMatchObject({
      code: 'ERR_THREADMETER_THREAD_NOT_FOUND',
      message: expect.stringContaining(`main, ${one} (one), ${two} (twin), ${three} (twin)`),
    })
    // The helper's own thread is none of them.
    await expect(meant('helper')).rejects.toMatchObject({
      code: 'ERR_THREADMETER_THREAD_NOT_FOUND',
    })
  })

  it('has the tid that the kernel knows, with and without threadmeter, and rates', async () => {
    const app = await EngineApp.start({
      workers: [
        { name: 'spins', state: 'spin' },
        { name: 'bare', state: 'spin', bare: true },
        { name: 'idle' },
      ],
    })
    await app.threads()
    await sleep(300)
    const threads = await app.threads()
    const named = (name: string) => threads.find((thread) => thread.name === name)
    for (const { tid } of threads) expect(tid).toBeGreaterThanOrEqual(app.pid)
    expect(new Set(threads.map(({ tid }) => tid)).size).toBe(4)
    for (const name of ['spins', 'bare']) {
      const { cpu, runDelay } = named(name) ?? {}
      expect((cpu ?? 0) + (runDelay ?? 0)).toBeGreaterThan(0.8)
    }
    expect(named('spins')?.eventLoopUtilization).toBeGreaterThan(0.8)
    expect(named('bare')?.eventLoopUtilization).toBeNull()
    expect(named('idle')?.cpu).toBeLessThan(0.2)
    expect(named('idle')?.eventLoopUtilization).toBeLessThan(0.2)
  })

  it('is looked up, and nothing stays open, while a worker cannot tell its tid', async () => {
    const workers = [{ name: 'bare', state: 'readFifo', bare: true }]
    const app = await EngineApp.start({ workers })
    for (let i = 0; i < 3; i++) {
      const [, bare] = await app.threads()
      expect(bare).toMatchObject({ name: 'bare', tid: null })
    }
    await expect.poll(() => app.held()).toBe(0)
  })

  it('is looked up while workers are born and die', async () => {
    const app = await EngineApp.start({ workers: [{ name: 'stays' }] })
    const bear = `startWorker({ name: 'passes' }).then(() => workers.get('passes').terminate())`
    app.say(`globalThis.births = setInterval(() => ${bear}, 50)`)
    for (let i = 0; i < 20; i++) {
      const { outcomes, failed } = await app.capture({ kind: 'stack', thread: 'all' })
      expect(failed).toBeUndefined()
      for (const { thread, error } of outcomes) {
        if (error === undefined) continue
        // Node may have told no name of one that was born and dead within the request.
        expect(thread.name).toMatch(/^(passes|worker-\d+)$/)
        expect(error.code).toBe('ERR_THREADMETER_THREAD_ENDED')
      }
      const names = outcomes.map(({ thread }) => thread.name)
      expect(names).toEqual(expect.arrayContaining(['main', 'stays']))
    }
    app.say('clearInterval(births)')
    await expect.poll(() => app.held()).toBe(0)
  })
})

describe('requests', () => {
  it('of one kind for one thread wait for each other, and for no other', async () => {
    const app = await EngineApp.start({ main: 'fibonacci', workers: [{ name: 'one' }] })
    const request = { kind: 'cpu-profile', seconds: 0.2, thread: 'main' }
    const profiles = Promise.all(Array.from({ length: 4 }, () => app.capture(request)))
    const stack = await app.capture({ kind: 'stack', thread: 'main' })
    const other = await app.capture({ ...request, thread: 'one' })
    expect(stack.progress.some(({ event }) => event === 'queued')).toBe(false)
    expect(other.progress.some(({ event }) => event === 'queued')).toBe(false)
    const done = await profiles
    expect(done.map(({ progress: [first] }) => first)).toMatchObject([
      { event: 'started' },
      ...[1, 2, 3].map((ahead) => ({ event: 'queued', ahead })),
    ])
    const spans = done
      .map(({ outcomes: [outcome] }) => contentOf<CpuProfile>(outcome))
      .map(({ startTime, endTime }) => [startTime, endTime])
    for (let i = 1; i < spans.length; i++) expect(spans[i][0]).toBeGreaterThan(spans[i - 1][1])
  })

  it('for all threads are of the same time', async () => {
    const app = await EngineApp.start({
      main: 'fibonacci',
      workers: [
        { name: 'outer', state: 'spin' },
        { name: 'inner', under: 'outer' },
      ],
    })
    for (const kind of ['cpu-profile', 'heap-profile', 'gc-profile']) {
      const { outcomes } = await app.capture({ kind, seconds: 0.5, thread: 'all' })
      expect(outcomes.map(({ thread }) => thread.name).sort()).toEqual(['inner', 'main', 'outer'])
      const windows = outcomes.map((each) => contentOf<CpuProfile>(each).threadmeter.window)
      const ends = windows.map(({ startedAt, seconds }) => startedAt + seconds * 1000)
      const starts = windows.map(({ startedAt }) => startedAt)
      expect(Math.max(...starts)).toBeLessThan(Math.min(...ends))
    }
  })

  it('come by the fifty, and are refused by the hundreds', async () => {
    const app = await EngineApp.start({
      main: 'fibonacci',
      workers: [{ name: 'one', state: 'spin' }],
    })
    const ask = (i: number) => app.capture({ kind: 'stack', thread: ['main', 'one', 'all'][i % 3] })
    const fifty = await Promise.all(Array.from({ length: 50 }, (_, i) => ask(i)))
    for (const { outcomes, failed } of fifty) {
      expect(failed).toBeUndefined()
      for (const outcome of outcomes) {
        expect(contentOf<StackReport>(outcome).state).toBe('javascript')
      }
    }
    const abort = new AbortController()
    setMaxListeners(0, abort.signal)
    const profile = { kind: 'cpu-profile', seconds: 60, thread: 'main' }
    let refused = 0
    const hundreds = Array.from({ length: 200 }, async () => {
      const { outcomes } = await app.capture(profile, { signal: abort.signal })
      const code: string | number | undefined = outcomes[0].error?.code
      if (code === 'ERR_THREADMETER_BUSY') refused++
      return code
    })
    await expect.poll(() => refused).toBeGreaterThan(0)
    abort.abort()
    const codes = await Promise.all(hundreds)
    // A profile that had begun is there; what waited is refused by its abort.
    const others = codes.filter((code) => code !== 'ERR_THREADMETER_BUSY' && code !== undefined)
    expect(new Set(others)).toEqual(new Set([DOMException.ABORT_ERR]))
    expect(codes.filter((code) => code !== 'ERR_THREADMETER_BUSY').length).toBeGreaterThan(50)
    await expect.poll(() => app.held()).toBe(0)
  })

  it('end early when they are aborted', async () => {
    const app = await EngineApp.start({ main: 'fibonacci' })
    const [running, queued] = [new AbortController(), new AbortController()]
    const request = { kind: 'cpu-profile', seconds: 60, thread: 'main' }
    const first = app.capture(request, {
      signal: running.signal,
      heard: ({ event }) => event === 'started' && setTimeout(() => queued.abort(), 300),
    })
    const second = await app.capture(request, { signal: queued.signal })
    expect(second.outcomes).toMatchObject([{ error: { message: 'This operation was aborted' } }])
    running.abort()
    const profile = contentOf<CpuProfile>((await first).outcomes[0])
    expect(profile.threadmeter.partial).toBe('aborted')
    expect(profile.samples.length).toBeGreaterThan(50)
    await expect.poll(() => app.held()).toBe(0)
  })
})

describe('a native call that returns', () => {
  it('lets those go on who wait for it, and holds up no others', async () => {
    const app = await EngineApp.start({
      workers: [{ name: 'one' }, { name: 'calls', state: 'pbkdf2Short' }],
    })
    const request = { kind: 'cpu-profile', seconds: 0.1, wait: 20_000 }
    const [profiles, stack, refused, late] = await Promise.all([
      app.capture({ ...request, thread: 'all' }),
      app.capture({ kind: 'stack', thread: 'calls', wait: 20_000 }),
      app.capture({ kind: 'heap-profile', thread: 'calls' }),
      app.capture({ kind: 'gc-profile', thread: 'calls', wait: 100 }),
    ])
    expect(profiles.outcomes.map(({ thread, error }) => [thread.name, error])).toEqual([
      ...[
        ['main', undefined],
        ['one', undefined],
      ].sort(),
      ['calls', undefined],
    ])
    const blocked = profiles.progress.filter(({ event }) => event === 'blocked')
    expect(blocked).toMatchObject([{ thread: { name: 'calls' }, kernel: { state: 'R' } }])
    // Where the call was made.
    const { state, frames } = contentOf<StackReport>(stack.outcomes[0])
    expect(state === 'javascript' ? frames[0].url : state).toMatch(/crypto|engine-states|idle/)
    for (const { outcomes } of [refused, late]) {
      expect(outcomes[0].error).toMatchObject({
        code: 'ERR_THREADMETER_THREAD_BLOCKED',
        details: { state: 'R' },
      })
    }
    expect(refused.ms).toBeLessThan(1500)
    expect(late.ms).toBeLessThan(profiles.ms)
  })
})
