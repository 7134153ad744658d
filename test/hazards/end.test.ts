import { describe, expect, test } from 'vitest'
import { runFixture } from './run.js'

const ended = async (where: string, how: string) => {
  const { code, signal, elapsed, stderr, result } = await runFixture<{
    code: number
    left: boolean
  }>('end', { args: [where, how], seconds: 20 })
  return { code, signal, elapsed, stderr, result }
}

describe.concurrent.each(['main', 'main-with-workers'])(
  '%s ends in the middle of readings',
  (where) => {
    test.each([
      ['exit', { code: 7, signal: null }],
      ['throw', { code: 1, signal: null }],
      ['reject', { code: 1, signal: null }],
      ['abort', { code: null, signal: 'SIGABRT' }],
      ['kill', { code: null, signal: 'SIGKILL' }],
    ])('by %s', async (how, expected) => {
      const { code, signal, stderr } = await ended(where, how)
      expect({ code, signal }, stderr).toEqual(expected)
      if (how === 'throw' || how === 'reject') expect(stderr).toContain('Error: in the middle')
    })
  },
)

describe.concurrent('a worker ends in the middle of readings', () => {
  test.each([
    ['exit', 7],
    ['throw', 1],
    ['reject', 1],
    ['nothing', 0],
  ])('by %s', async (how, workerCode) => {
    const { code, signal, stderr, result } = await ended('worker', how)
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' })
    expect(result).toEqual({ code: workerCode, left: false })
  })
})

test('the addon neither keeps the process alive nor delays its end', async () => {
  const times = []
  for (let i = 0; i < 3; i++) {
    const { code, elapsed } = await ended('main', 'nothing')
    expect(code).toBe(0)
    times.push(elapsed)
  }
  const bare = []
  for (let i = 0; i < 3; i++) bare.push((await runFixture('nothing')).elapsed)
  // A timer or a handle left behind would hold it for ever; loading the package takes some 20 ms.
  expect(Math.min(...times)).toBeLessThan(Math.min(...bare) * 3 + 200)
})
