import { describe, expect, test } from 'vitest'
import { resultOf, runFixture } from './run.js'

// Node 20 says 0.
const WORKER_THAT_THROWS_AT_EXIT = expect.toSatisfy((code) => code === 0 || code === 1)

const STAGES: [string, { main: number; worker: unknown }][] = [
  ['load at exit', { main: 0, worker: 0 }],
  ['use at exit', { main: 0, worker: 0 }],
  ['use at beforeExit', { main: 0, worker: 0 }],
  ['exit at exit', { main: 3, worker: 3 }],
  ['throw at exit', { main: 1, worker: WORKER_THAT_THROWS_AT_EXIT }],
  ['use in finalizers', { main: 0, worker: 0 }],
  ['use in a microtask at exit', { main: 0, worker: 0 }],
  ['load twice', { main: 0, worker: 0 }],
]

describe.concurrent.each(STAGES)('%s', (stage, expected) => {
  test.concurrent('in main', async () => {
    const { code, signal, stderr } = await runFixture('teardown', { args: [stage, 'main'] })
    expect({ code, signal }, stderr).toEqual({ code: expected.main, signal: null })
  })

  test.concurrent('in workers, threadmeter never in main', async () => {
    const { codes } = await resultOf<{ codes: number[] }>('teardown', { args: [stage, 'worker'] })
    expect(codes).toEqual(Array(4).fill(expected.worker))
  })
})

test('a worker that runs out of memory while it reads', async () => {
  const { codes, left } = await resultOf<{ codes: string[]; left: number }>('out-of-memory')
  expect(codes).toEqual(Array(3).fill('ERR_WORKER_OUT_OF_MEMORY'))
  expect(left).toBe(0)
})
