import { pbkdf2, pbkdf2Sync } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type CpuMeasurement, measureCpu, threadCpuTime } from 'threadmeter'
import { describe, expect, it } from 'vitest'
import { burnUser } from '../fixtures/burn.mjs'

/** A measurement, and the bounds that readings right outside of it give. */
async function bounded<T>(measure: () => CpuMeasurement<T> | Promise<CpuMeasurement<T>>) {
  const cpuStart = threadCpuTime()
  const start = performance.now()
  const measurement = await measure()
  const mostWall = (performance.now() - start) * 1e6
  return { ...measurement, mostCpu: threadCpuTime() - cpuStart, mostWall }
}

describe('measureCpu()', () => {
  it('measures a synchronous function at once', async () => {
    let inside = 0
    const { value, cpuTime, wallTime, mostCpu, mostWall } = await bounded(() =>
      measureCpu(() => {
        const before = threadCpuTime()
        burnUser(50)
        inside = threadCpuTime() - before
        return 'done'
      }),
    )
    expect(value).toBe('done')
    expect(cpuTime).toBeGreaterThanOrEqual(inside)
    expect(cpuTime).toBeLessThanOrEqual(mostCpu)
    expect(inside).toBeGreaterThan(45e6)
    expect(wallTime).toBeGreaterThanOrEqual(cpuTime)
    expect(wallTime).toBeLessThanOrEqual(mostWall)
    expect(Number.isInteger(cpuTime) && Number.isInteger(wallTime)).toBe(true)
  })

  it('returns what it measured and nothing else', () => {
    expect(Object.keys(measureCpu(() => 1))).toEqual(['value', 'cpuTime', 'wallTime'])
    expect(measureCpu(() => undefined).value).toBeUndefined()
    // biome-ignore lint/suspicious/noThenProperty: what has a then that cannot be called is a value
    const value = { then: 'not a function' }
    expect(measureCpu(() => value).value).toBe(value)
    expect(measureCpu(() => null).value).toBeNull()
  })

  it('measures an asynchronous function until it is done', async () => {
    const { value, cpuTime, wallTime, mostCpu, mostWall } = await bounded(() =>
      measureCpu(async () => {
        await setTimeout(30)
        burnUser(30)
        await setTimeout(30)
        return 'done'
      }),
    )
    expect(value).toBe('done')
    expect(wallTime).toBeGreaterThanOrEqual(58e6 + cpuTime * 0.5)
    expect(wallTime).toBeLessThanOrEqual(mostWall)
    expect(cpuTime).toBeLessThanOrEqual(mostCpu)
    expect(cpuTime).toBeLessThan(wallTime)
    expect(cpuTime).toBeGreaterThan(25e6)
  })

  it('counts what else the thread does meanwhile', async () => {
    const [measurement] = await Promise.all([
      measureCpu(() => setTimeout(20)),
      setTimeout(5).then(() => burnUser(30)),
    ])
    expect(measurement.cpuTime).toBeGreaterThan(25e6)
  })

  it('does not count what other threads do for the function', async () => {
    const rounds = 400_000
    const here = measureCpu(() => pbkdf2Sync('password', 'salt', rounds, 32, 'sha256'))
    const there = await measureCpu(() =>
      promisify(pbkdf2)('password', 'salt', rounds, 32, 'sha256'),
    )
    expect(there.value).toEqual(here.value)
    expect(here.cpuTime).toBeGreaterThan(20e6)
    expect(there.cpuTime).toBeLessThan(here.cpuTime / 5)
    expect(there.wallTime).toBeGreaterThan(there.cpuTime)
  })

  it('takes any thenable for a promise', async () => {
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: a thenable that is no promise is what is tested
      then(resolve: (value: string) => void) {
        globalThis.setTimeout(resolve, 20, 'later')
      },
    }
    const measurement = measureCpu(() => thenable as PromiseLike<string>)
    expect(measurement).toBeInstanceOf(Promise)
    const { value, wallTime } = await measurement
    expect(value).toBe('later')
    expect(wallTime).toBeGreaterThanOrEqual(19e6)
  })

  it('lets errors through, thrown and rejected', async () => {
    const error = new Error('of the function')
    expect(() =>
      measureCpu(() => {
        throw error
      }),
    ).toThrow(error)
    await expect(measureCpu(() => Promise.reject(error))).rejects.toBe(error)
  })

  it('calls the function once, with nothing', () => {
    const calls: unknown[][] = []
    measureCpu((...args: unknown[]) => {
      calls.push(args)
    })
    expect(calls).toEqual([[]])
  })

  it.each([undefined, null, 1, 'fn', {}, Promise.resolve()])('refuses %o', (fn) => {
    expect(() => measureCpu(fn as never)).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        code: 'ERR_THREADMETER_INVALID_ARG_TYPE',
        message: expect.stringMatching(/^"fn" must be a function\. Received /),
      }),
    )
  })
})
