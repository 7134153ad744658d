import { observe } from 'threadmeter/observer'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { checkOptions } from '../../dist/observer/options.js'

afterEach(() => vi.unstubAllEnvs())

describe('options of observe()', () => {
  it.each([
    [null, 'options'],
    ['9464', 'options'],
    [{ port: '9464' }, 'options.port'],
    [{ host: 1 }, 'options.host'],
    [{ dir: {} }, 'options.dir'],
    [{ server: 'no' }, 'options.server'],
    [{ openMetrics: 1 }, 'options.openMetrics'],
  ])('of a wrong type are refused: %j', async (options, name) => {
    const error = { name: 'TypeError', code: 'ERR_THREADMETER_INVALID_ARG_TYPE' }
    await expect(observe(options as never)).rejects.toMatchObject({
      ...error,
      message: expect.stringContaining(`"${name}" must be`),
    })
  })

  it.each([
    { port: -1 },
    { port: 65_536 },
    { port: 1.5 },
    { port: Number.NaN },
    { host: '' },
    { dir: '' },
  ])('out of their range are refused: %j', async (options) => {
    const error = { name: 'RangeError', code: 'ERR_THREADMETER_OUT_OF_RANGE' }
    await expect(observe(options)).rejects.toMatchObject(error)
  })

  it.each([
    ['THREADMETER_PORT', '80 80'],
    ['THREADMETER_PORT', '65536'],
    ['THREADMETER_OPENMETRICS', 'maybe'],
  ])('are refused where %s is %j', async (name, value) => {
    vi.stubEnv(name, value)
    await expect(observe()).rejects.toThrow(`"${name}" must be`)
  })

  it('come before the environment, and that before what is built in', () => {
    const local = { host: '127.0.0.1', port: 9464, openMetrics: true }
    expect(checkOptions().server).toEqual(local)
    vi.stubEnv('THREADMETER_PORT', '1')
    vi.stubEnv('THREADMETER_HOST', '::1')
    vi.stubEnv('THREADMETER_OPENMETRICS', 'OFF')
    expect(checkOptions().server).toEqual({ host: '::1', port: 1, openMetrics: false })
    const options = { host: '0.0.0.0', port: 2, openMetrics: true }
    expect(checkOptions(options).server).toEqual(options)
    expect(checkOptions({ server: false }).server).toBeUndefined()
  })
})
