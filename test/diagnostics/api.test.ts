import { mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  cpuProfile,
  diagnosticsOf,
  enableDiagnostics,
  gcProfile,
  heapProfile,
  heapSnapshot,
  type ProgressEvent,
  stack,
  threads,
  toFormat,
} from '../../dist/diagnostics/index.js'
import { Running } from '../observer/running.js'
import { appIn } from './door-app.js'
import { directoryOfTest } from './door-running.js'

const INNER = new URL('fixtures/api-inside.mjs', import.meta.url).pathname

let directory: string

beforeAll(async () => {
  directory = `/dev/shm/threadmeter-test-api-${process.pid}`
  mkdirSync(directory, { mode: 0o700 })
  // Nothing was enabled so far: this is what is said then.
  await expect(stack()).rejects.toMatchObject({
    code: 'ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE',
    message: expect.stringMatching(/preload threadmeter\/register, or await enableDiagnostics\(\)/),
  })
  await enableDiagnostics({ directory })
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

const SHORT = { seconds: 0.2 }

describe('the functions', () => {
  it('capture the thread that asks', async () => {
    const profile = await cpuProfile('main', SHORT)
    expect(await stack()).toMatchObject({
      kind: 'stack',
      thread: { pid: process.pid, name: 'main' },
    })
    expect(profile.threadmeter).toMatchObject({ kind: 'cpu-profile', partial: null })
    expect(profile.threadmeter.window.seconds).toBeGreaterThanOrEqual(0.2)
    expect(profile.samples.length).toBe(profile.timeDeltas.length)
    expect(toFormat(profile, 'html')).toContain('<html')
    expect((await heapProfile(0, SHORT)).head.callFrame.functionName).toBe('(root)')
    expect((await gcProfile('main', SHORT)).threadmeter.kind).toBe('gc-profile')
    expect((await threads()).map(({ threadId }) => threadId)).toContain(0)
  })

  it('give one result for each thread of all', async () => {
    const results = await stack('all')
    expect(results.map(({ thread }) => thread.role)).toContain('main')
    for (const result of results) {
      expect(result).toMatchObject({ value: { thread: result.thread } })
    }
  })

  it('leave a snapshot to the caller, for it alone', async () => {
    const where = directoryOfTest()
    const told: ProgressEvent[] = []
    const onProgress = (event: ProgressEvent): void => void told.push(event)
    const { path, bytes, threadmeter } = await heapSnapshot('main', {
      directory: where,
      onProgress,
    })
    expect(dirname(path)).toBe(where)
    expect(statSync(path)).toMatchObject({ size: bytes, mode: 0o100600 })
    expect(JSON.parse(readFileSync(path, 'utf8')).snapshot.node_count).toBeGreaterThan(1000)
    expect(threadmeter.thread.pid).toBe(process.pid)
    expect(told[0]).toMatchObject({ event: 'started', expectedPauseSeconds: expect.any(Number) })
  })

  it('work from a worker as well', async () => {
    const app = new Running([INNER])
    expect(await app.hear()).toEqual({ state: 'javascript', function: 'spin', main: true, own: 0 })
  })
})

describe('signals and time-outs', () => {
  it('end a profile early, with what there is', async () => {
    const started = performance.now()
    const controller = new AbortController()
    const onProgress = ({ event }: ProgressEvent): void => {
      if (event === 'progress') controller.abort()
    }
    const profile = await cpuProfile('main', { seconds: 60, signal: controller.signal, onProgress })
    expect(profile.threadmeter.partial).toBe('aborted')
    expect(profile.threadmeter.window.seconds).toBeLessThan((performance.now() - started) / 1000)
  })

  it('reject with their reason where there is nothing', async () => {
    const reason = new Error('enough')
    await expect(stack('main', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    // It waits behind another until it is ended.
    const other = cpuProfile('main', { seconds: 1 })
    const controller = new AbortController()
    const onProgress = ({ event }: ProgressEvent): void => {
      if (event === 'queued') controller.abort(reason)
    }
    const waiting = cpuProfile('main', { ...SHORT, signal: controller.signal, onProgress })
    await expect(waiting).rejects.toBe(reason)
    expect((await other).threadmeter.partial).toBeNull()
  })

  it('give up after the time that is given', async () => {
    const waiting = cpuProfile('main', { seconds: 60, timeout: 200 })
    await expect(waiting).rejects.toMatchObject({
      code: 'ERR_THREADMETER_TIMEOUT',
      message: 'cpu-profile of main was not done within 0.2 s',
    })
    // Nothing of it goes on.
    expect((await cpuProfile('main', SHORT)).threadmeter.partial).toBeNull()
  })
})

describe('what cannot be asked for', () => {
  it.each([
    ['thread', () => stack(-1), RangeError],
    ['thread', () => stack({} as never), TypeError],
    ['options', () => stack('main', null as never), TypeError],
    ['options', () => heapSnapshot('main', null as never), TypeError],
    ['options', () => heapSnapshot('main', 7 as never), TypeError],
    ['timeout', () => stack('main', { timeout: 0 }), RangeError],
    ['signal', () => stack('main', { signal: {} as never }), TypeError],
    ['onProgress', () => stack('main', { onProgress: 1 as never }), TypeError],
    ['wait', () => stack('main', { wait: -1 }), RangeError],
    ['seconds', () => cpuProfile('main', { seconds: 0 }), RangeError],
    ['interval', () => cpuProfile('main', { interval: 1 }), RangeError],
    ['force', () => heapSnapshot('main', { force: 1 as never }), TypeError],
    ['directory', () => heapSnapshot('main', { directory: 1 as never }), TypeError],
  ])('with such a %s', async (name, call, kind) => {
    const error = await call().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(kind)
    expect((error as Error).message).toContain(`"${name}" must be`)
  })

  it('is a thread that there is not', async () => {
    await expect(stack('nobody')).rejects.toMatchObject({
      code: 'ERR_THREADMETER_THREAD_NOT_FOUND',
    })
  })
})

describe('diagnosticsOf', () => {
  it('does the same in another process', async () => {
    const { pid, end } = await appIn({ THREADMETER_DIR: directoryOfTest() })
    const app = diagnosticsOf(pid)
    expect((await app.stack('main')).thread.pid).toBe(pid)
    expect((await app.cpuProfile('main', SHORT)).threadmeter.program).toMatch(/door-app\.mjs$/)
    const where = directoryOfTest()
    const { path } = await app.heapSnapshot('main', { directory: where })
    expect(statSync(path).size).toBeGreaterThan(100_000)
    const waiting = expect(app.cpuProfile('main', { seconds: 60 })).rejects.toMatchObject({
      code: 'ERR_THREADMETER_PROCESS_ENDED',
    })
    await new Promise((resolve) => setTimeout(resolve, 200))
    await end('SIGKILL')
    await waiting
    await expect(app.threads()).rejects.toMatchObject({ code: 'ERR_THREADMETER_PROCESS_ENDED' })
  })

  it('says which process it cannot be had of', async () => {
    await expect(diagnosticsOf(process.ppid).threads()).rejects.toMatchObject({
      code: 'ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE',
      message: expect.stringContaining(`process ${process.ppid} has no socket`),
    })
    for (const pid of [0, -1, 1.5, '1' as never])
      expect(() => diagnosticsOf(pid)).toThrow(RangeError)
  })
})
