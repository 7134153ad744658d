import { readFileSync } from 'node:fs'
import { threadId } from 'node:worker_threads'
import { gettid, type ThreadInfo, type ThreadsOptions, threads } from 'threadmeter'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as proc from '../fixtures/proc.mjs'
import { runFixture } from '../fixtures/run.js'
import { Sleeper } from '../fixtures/sleeper.js'

const FIELDS = [
  'tid',
  'threadId',
  'name',
  'role',
  'startTime',
  'cpu',
  'cpuTime',
  'runDelay',
  'contextSwitches',
  'state',
  'eventLoopUtilization',
]
const CLOCK_TICK_MS = 10

const infoOf = (tid: number, options?: ThreadsOptions): ThreadInfo => {
  const info = threads(options).find((thread) => thread.tid === tid)
  if (info === undefined) throw new Error(`threads() does not know ${tid}`)
  return info
}

describe('threads()', () => {
  let sleeper: Sleeper

  beforeAll(async () => {
    sleeper = await Sleeper.start()
  })

  afterAll(() => sleeper.end())

  it('lists the threads that /proc lists, each once', () => {
    const listed = threads().map(({ tid }) => tid)
    expect([...listed].sort()).toEqual(proc.tids().sort())
  })

  it('gives every thread the same fields', () => {
    for (const info of threads()) {
      expect(Object.keys(info)).toEqual(FIELDS)
      expect(Number.isInteger(info.cpuTime) && info.cpuTime >= 0).toBe(true)
      expect(info.cpu.user + info.cpu.system).toBe(Math.floor(info.cpuTime / 1e3))
    }
  })

  it('knows the main thread and the calling one', () => {
    const main = infoOf(process.pid)
    expect(main).toMatchObject({ role: 'main', name: 'main', threadId: 0 })
    expect(infoOf(gettid())).toMatchObject({ threadId })
    expect(threads().filter(({ role }) => role === 'main')).toEqual([
      expect.objectContaining({ tid: process.pid }),
    ])
  })

  it('joins the kernel id of a worker with the id that Node gives', () => {
    const { tid, threadId } = sleeper
    expect(infoOf(tid)).toMatchObject({ threadId, role: 'worker', name: `worker-${threadId}` })
  })

  it('reads CPU time and run-queue delay that /proc shows of a sleeping thread', () => {
    const { run, wait } = proc.schedstat(sleeper.tid)
    expect(infoOf(sleeper.tid)).toMatchObject({ cpuTime: run, runDelay: wait })
    expect(run).toBeGreaterThanOrEqual(sleeper.cpuTime)
    expect(run - sleeper.cpuTime).toBeLessThan(20e6)
  })

  it('reads context switches as /proc shows them, when asked', () => {
    const truth = proc.contextSwitches(sleeper.tid)
    expect(infoOf(sleeper.tid, { contextSwitches: true }).contextSwitches).toEqual(truth)
    expect(infoOf(sleeper.tid).contextSwitches).toBeNull()
    expect(truth.voluntary).toBeGreaterThan(0)
  })

  it('reads the state as /proc shows it, when asked', () => {
    expect(infoOf(sleeper.tid, { state: true }).state).toBe(proc.state(sleeper.tid))
    expect(infoOf(gettid(), { state: true }).state).toBe('R')
    expect(infoOf(gettid()).state).toBeNull()
  })

  it('leaves out the run-queue delay, when asked', () => {
    expect(threads({ runDelay: false }).map(({ runDelay }) => runDelay)).toEqual(
      threads().map(() => null),
    )
    expect(threads().every(({ runDelay }) => Number.isInteger(runDelay))).toBe(true)
  })

  it('tells the start to a tick', () => {
    const startTime = infoOf(sleeper.tid).startTime as number
    expect(startTime).toBeGreaterThanOrEqual(sleeper.startedAfter - CLOCK_TICK_MS)
    expect(startTime).toBeLessThanOrEqual(sleeper.startedBefore)
  })

  it('tells every start as /proc does', () => {
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
    const boot = Date.now() - uptime * 1e3
    for (const { tid, startTime } of threads()) {
      const truth = boot + Number(proc.stat(tid)[19]) * CLOCK_TICK_MS
      expect(Math.abs((startTime as number) - truth)).toBeLessThan(2 * CLOCK_TICK_MS)
    }
  })

  it('has an event loop for each thread that loaded threadmeter, and for no other', () => {
    for (const { threadId, eventLoopUtilization } of threads()) {
      expect(eventLoopUtilization === null).toBe(threadId === null)
    }
    expect(infoOf(sleeper.tid).eventLoopUtilization?.active).toBeGreaterThan(0)
  })

  it('forgets a thread that has ended', async () => {
    const other = await Sleeper.start()
    expect(threads().filter(({ tid }) => tid === other.tid)).toHaveLength(1)
    await other.end()
    expect(threads().filter(({ tid }) => tid === other.tid)).toHaveLength(0)
  })

  it.each([
    ['null', null],
    ['a string', 'all'],
    ['a number', 1],
    ['a function', () => {}],
  ])('refuses %s as options', (_, options) => {
    expect(() => threads(options as never)).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        code: 'ERR_THREADMETER_INVALID_ARG_TYPE',
        message: expect.stringMatching(/^"options" must be an object\. Received /),
      }),
    )
  })

  it.each(['runDelay', 'contextSwitches', 'state'])('refuses a %s that is no boolean', (option) => {
    for (const value of [1, 0, 'true', null, {}]) {
      expect(() => threads({ [option]: value } as never)).toThrow(
        expect.objectContaining({
          name: 'TypeError',
          code: 'ERR_THREADMETER_INVALID_ARG_TYPE',
          message: expect.stringContaining(`"options.${option}" must be a boolean`),
        }),
      )
    }
    expect(threads({ [option]: undefined })).toHaveLength(threads().length)
  })
})

describe('a first look', () => {
  it('at young threads costs little more than a later one', async () => {
    const { young, settled } = await runFixture<{ young: number; settled: number }>('young.mjs')
    expect(young / settled).toBeLessThan(8)
  })
})
