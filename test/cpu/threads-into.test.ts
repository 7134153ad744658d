import {
  gettid,
  THREAD_ROLES,
  THREAD_ROW,
  type ThreadInfo,
  threads,
  threadsInto,
} from 'threadmeter'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Sleeper } from '../fixtures/sleeper.js'

const { length: WIDTH, ...COLUMNS } = THREAD_ROW
const ALL = { cpu: true, runDelay: true, contextSwitches: true, state: true }
const ROWS = 64

type Row = Record<keyof typeof COLUMNS, number>

const rowAt = (target: Float64Array, row: number): Row =>
  Object.fromEntries(
    Object.entries(COLUMNS).map(([name, column]) => [name, target[row * WIDTH + column]]),
  ) as Row

function rowsOf(target: Float64Array, count: number): Row[] {
  return Array.from({ length: count }, (_, row) => rowAt(target, row))
}

const orNaN = (value: number | null | undefined): number => value ?? Number.NaN

describe('threadsInto()', () => {
  const target = new Float64Array(ROWS * WIDTH)
  let sleeper: Sleeper

  beforeAll(async () => {
    sleeper = await Sleeper.start()
  })

  afterAll(() => sleeper.end())

  it('writes one row for each thread and returns their number', () => {
    target.fill(-7)
    const count = threadsInto(target)
    expect(rowsOf(target, count).map(({ tid }) => tid)).toEqual(threads().map(({ tid }) => tid))
    expect(target.subarray(count * WIDTH).every((value) => value === -7)).toBe(true)
  })

  it('writes the figures of threads()', () => {
    const count = threadsInto(target, ALL)
    const row = rowsOf(target, count).find(({ tid }) => tid === sleeper.tid) as Row
    const info = threads(ALL).find(({ tid }) => tid === sleeper.tid) as ThreadInfo
    expect(row).toMatchObject({
      threadId: info.threadId,
      role: THREAD_ROLES.indexOf(info.role),
      startTime: info.startTime,
      cpuTime: info.cpuTime,
      user: info.cpu.user,
      system: info.cpu.system,
      runDelay: info.runDelay,
      idle: info.eventLoopUtilization?.idle,
      voluntary: info.contextSwitches?.voluntary,
      involuntary: info.contextSwitches?.involuntary,
      state: info.state?.charCodeAt(0),
    })
    // It sits in a turn of its event loop, which goes on between the two looks.
    const since = orNaN(info.eventLoopUtilization?.active) - row.active
    expect(since).toBeGreaterThanOrEqual(0)
    expect(since).toBeLessThan(500)
  })

  it('fills with NaN what it was not asked for', () => {
    threadsInto(target)
    const { uid, tid, threadId, role, startTime, cpuTime, idle, active, ...unasked } = rowAt(
      target,
      0,
    )
    for (const value of [uid, tid, threadId, role, startTime, cpuTime, idle, active]) {
      expect(Number.isFinite(value)).toBe(true)
    }
    expect(Object.keys(unasked)).toEqual([
      'user',
      'system',
      'runDelay',
      'voluntary',
      'involuntary',
      'state',
    ])
    for (const value of Object.values(unasked)) expect(value).toBeNaN()
  })

  it.each([
    ['cpu', ['user', 'system']],
    ['runDelay', ['runDelay']],
    ['contextSwitches', ['voluntary', 'involuntary']],
    ['state', ['state']],
  ] as const)('writes with %s alone only %s', (option, columns) => {
    threadsInto(target, { [option]: true })
    const row = rowAt(target, 0)
    const optional = ['user', 'system', 'runDelay', 'voluntary', 'involuntary', 'state'] as const
    expect(optional.filter((name) => Number.isFinite(row[name]))).toEqual(columns)
  })

  it('gives helpers NaN for what only JavaScript threads have', () => {
    const count = threadsInto(target)
    const helpers = rowsOf(target, count).filter(({ role }) => THREAD_ROLES[role] === 'v8')
    expect(helpers.length).toBeGreaterThan(0)
    for (const { threadId, idle, active } of helpers) {
      expect([threadId, idle, active]).toEqual([Number.NaN, Number.NaN, Number.NaN])
    }
  })

  it('writes as many rows as fit, and nothing behind them', () => {
    const count = threads().length
    for (const room of [2 * WIDTH, 2 * WIDTH + WIDTH - 1]) {
      const small = new Float64Array(room).fill(-7)
      expect(threadsInto(small)).toBe(count)
      expect(rowsOf(small, 2).map(({ tid }) => tid)).toEqual(
        threads()
          .slice(0, 2)
          .map(({ tid }) => tid),
      )
      expect(small.subarray(2 * WIDTH).every((value) => value === -7)).toBe(true)
    }
  })

  it('writes nothing where there is no room', () => {
    const count = threads().length
    const almost = new Float64Array(WIDTH - 1).fill(-7)
    expect(threadsInto(almost)).toBe(count)
    expect(almost.every((value) => value === -7)).toBe(true)
    expect(threadsInto(new Float64Array(0))).toBe(count)
    const gone = new Float64Array(ROWS * WIDTH)
    structuredClone(gone, { transfer: [gone.buffer] })
    expect(threadsInto(gone)).toBe(count)
  })

  it('writes into a part of a buffer, also of a shared one', () => {
    const whole = new Float64Array(new SharedArrayBuffer((ROWS * WIDTH + 6) * 8)).fill(-7)
    const part = whole.subarray(3, 3 + ROWS * WIDTH)
    const count = threadsInto(part)
    expect(rowsOf(part, count).some(({ tid }) => tid === gettid())).toBe(true)
    expect([...whole.subarray(0, 3), ...whole.subarray(-3)]).toEqual(Array(6).fill(-7))
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an array', []],
    ['a buffer', new ArrayBuffer(1024)],
    ['another typed array', new Float32Array(1024)],
    ['a data view', new DataView(new ArrayBuffer(1024))],
  ])('refuses %s as a target', (_, wrong) => {
    expect(() => threadsInto(wrong as never)).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        code: 'ERR_THREADMETER_INVALID_ARG_TYPE',
        message: expect.stringMatching(/^"target" must be a Float64Array\. Received /),
      }),
    )
  })

  it('refuses bad options and leaves the target alone', () => {
    target.fill(-7)
    for (const options of [null, 'cpu', { cpu: 1 }, { runDelay: 'yes' }, { state: null }]) {
      expect(() => threadsInto(target, options as never)).toThrow(
        expect.objectContaining({ code: 'ERR_THREADMETER_INVALID_ARG_TYPE' }),
      )
    }
    expect(target.every((value) => value === -7)).toBe(true)
  })
})
