import { expect, test } from 'vitest'
import { resultOf } from './run.js'

test('32 threads look at each other at once', async () => {
  const { looks, least, wentDown, left } = await resultOf<{
    looks: number
    least: number
    wentDown: number
    left: number
  }>('many-readers')
  expect(least).toBe(33)
  expect({ wentDown, left }).toEqual({ wentDown: 0, left: 0 })
  expect(looks).toBeGreaterThan(1)
})

test('a worker reads a main thread that does not return to its event loop', async () => {
  const { blocked, busy } =
    await resultOf<
      Record<'blocked' | 'busy', { cpu: number; runDelay: number; eventLoopUtilization: number }>
    >('blocked-main')
  expect(blocked.cpu).toBeLessThan(0.2)
  expect(blocked.eventLoopUtilization).toBeGreaterThan(0.95)
  expect(busy.cpu + busy.runDelay).toBeGreaterThan(0.8)
  expect(busy.eventLoopUtilization).toBeGreaterThan(0.95)
})

test('workers that start workers, and contexts of their own', async () => {
  const { chain, seen, inContexts, foreign } = await resultOf<{
    chain: number[]
    seen: number[]
    inContexts: boolean
    foreign: string
  }>('nested')
  expect(chain).toEqual([1, 2, 3, 4])
  expect(seen).toEqual([0, 1, 2, 3, 4])
  expect(inContexts).toBe(true)
  expect(foreign).toBe('ERR_THREADMETER_INVALID_ARG_TYPE')
})
