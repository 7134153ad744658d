import { describe, expect, test } from 'vitest'
import type { Host } from './host.js'
import { resultOf } from './run.js'

interface Result {
  full: string
  before: number[]
  during: number[]
  runDelays: (number | null)[]
  states: (string | null)[]
  later: number[]
  sampled: number
  mainCpu: number
  after: number[]
  runDelaysAfter: (number | null)[]
}

const REGISTERED = [0, 1, 2]
const limited = (count: number) => ['prlimit', `--nofile=${count}:${count}`]

describe.concurrent('without a free descriptor', () => {
  test('threads that are known are read on', async () => {
    const result = await resultOf<Result>('no-descriptors', { through: limited(64) })
    expect(result.full).toBe('EMFILE')
    for (const ids of [result.before, result.during, result.later, result.after]) {
      expect(ids).toEqual(REGISTERED)
    }
    expect(result.states.every((state) => state === null)).toBe(true)
    expect(result.sampled).toBe(result.during.length + (result.runDelays.length - 3))
    expect(result.mainCpu).toBeGreaterThan(0)
  })

  test('from before the first look on, and past the time when threads are verified', async () => {
    const result = await resultOf<Result>('no-descriptors', {
      through: limited(64),
      args: ['late'],
    })
    // Helper threads cannot be entered, and run delays not be opened.
    expect(result.during).toEqual(REGISTERED)
    expect(result.runDelays).toEqual([null, null, null])
    expect(result.later).toEqual(REGISTERED)
    expect(result.after).toEqual(REGISTERED)
    expect(result.runDelaysAfter.some((delay) => delay !== null)).toBe(true)
  })
})

test('few descriptors: no more than an eighth of them are kept open', async () => {
  const { threads, parts } = await resultOf<Host>('host', {
    through: limited(40),
    args: ['with-worker'],
  })
  const delays = threads.value?.map(({ runDelay }) => runDelay) ?? []
  expect(delays.filter((delay) => delay !== null)).toHaveLength(5)
  expect(delays.length).toBeGreaterThan(5)
  expect(parts.code).toBeUndefined()
})
