import { describe, expect, test } from 'vitest'
import { resultOf } from './run.js'

describe('worker.terminate()', () => {
  test('in the middle of readings: 20 workers, 10 rounds', async () => {
    const { looks, incomplete, left, exitCodes } = await resultOf<{
      looks: number
      incomplete: number
      left: number
      exitCodes: number[]
    }>('terminate-mid-read', { args: ['20', '10'] })
    expect(exitCodes).toEqual([1])
    expect({ incomplete, left }).toEqual({ incomplete: 0, left: 0 })
    expect(looks).toBeGreaterThan(100)
  })

  test('before, while and after the addon is loaded', async () => {
    const { workers, loaded, left } = await resultOf<{
      workers: number
      loaded: number
      left: number
    }>('terminate-import')
    expect(left).toBe(0)
    // Some were early and some were late, or nothing was in the middle.
    expect(loaded).toBeGreaterThan(0)
    expect(loaded).toBeLessThan(workers)
  })

  test('in a native call: the thread is read until it is gone, then it counts as exited', async () => {
    const result = await resultOf<{
      messages: unknown[]
      readings: number[]
      workersDuring: number
      exitedDuring: number
      exitedAfter: number
      stillListed: boolean
    }>('terminate-native')
    const { readings } = result
    expect(result.messages).toHaveLength(1)
    expect(readings).toEqual([...readings].sort((a, b) => a - b))
    expect(readings[3]).toBeGreaterThan((readings[0] as number) + 50)
    expect(result.workersDuring).toBeGreaterThan(readings[3] as number)
    expect(result.exitedAfter).toBeGreaterThan(result.workersDuring)
    expect(result.exitedDuring).toBeLessThan(result.workersDuring / 10)
    expect(result.stillListed).toBe(false)
  })
})
