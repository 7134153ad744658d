import { Registry } from 'prom-client'
import { threadMetrics } from 'threadmeter/prom-client'
import { describe, expect, it } from 'vitest'
import { COUNTERS, describeClients, GAUGES, value } from './clients.js'

describeClients('registration', ({ client, setUp }) => {
  it('is refused twice on one registry, and leaves the first alone', async () => {
    const { register, json } = setUp()
    expect(() => threadMetrics({ register })).toThrow(
      expect.objectContaining({
        name: 'RangeError',
        code: 'ERR_THREADMETER_OUT_OF_RANGE',
        message: expect.stringContaining(COUNTERS.cpu),
      }),
    )
    expect(value(await json(), COUNTERS.cpu)).toBeGreaterThan(0)
    threadMetrics({ register, prefix: 'again_' }).close()
  })

  it('adds nothing when one name is taken', () => {
    const register = new client.Registry()
    new client.Gauge({ name: GAUGES.threads, help: 'mine', registers: [register] })
    expect(() => threadMetrics({ register })).toThrow(GAUGES.threads)
    expect(register.getMetricsAsArray()).toHaveLength(1)
  })

  it('ends with close(), which removes its own metrics alone', async () => {
    const { register, handle } = setUp()
    const other = new client.Gauge({ name: 'other', help: 'mine', registers: [register] })
    handle.close()
    expect(register.getMetricsAsArray()).toEqual([other])
    const again = threadMetrics({ register })
    handle.close()
    expect(register.getSingleMetric(COUNTERS.cpu)).toHaveProperty('name', COUNTERS.cpu)
    again.close()
    expect(register.getMetricsAsArray()).toEqual([other])
  })
})

describe('options', () => {
  const wrong = (code: string, message: string) =>
    expect.objectContaining({
      code: `ERR_THREADMETER_${code}`,
      message: expect.stringContaining(message),
    })

  it.each([
    [
      { maxThreads: '5' },
      'INVALID_ARG_TYPE',
      `"options.maxThreads" must be a number. Received '5'`,
    ],
    [{ maxThreads: 0 }, 'OUT_OF_RANGE', 'Received 0'],
    [{ maxThreads: 1.5 }, 'OUT_OF_RANGE', 'Received 1.5'],
    [{ minInterval: Number.NaN }, 'OUT_OF_RANGE', 'Received NaN'],
    [{ minInterval: -1 }, 'OUT_OF_RANGE', 'Received -1'],
    [{ minInterval: Number.POSITIVE_INFINITY }, 'OUT_OF_RANGE', 'Received Infinity'],
    [{ contextSwitches: 'no' }, 'INVALID_ARG_TYPE', `Received 'no'`],
    [{ prefix: 5 }, 'INVALID_ARG_TYPE', 'Received 5'],
    [{ prefix: '9-' }, 'OUT_OF_RANGE', `Received '9-'`],
    [{ labels: 'a' }, 'INVALID_ARG_TYPE', `Received 'a'`],
    [{ labels: { thread: 'a' } }, 'OUT_OF_RANGE', `Received 'thread'`],
    [{ labels: { 'a b': 'c' } }, 'OUT_OF_RANGE', `Received 'a b'`],
    [{ labels: { tier: 1 } }, 'INVALID_ARG_TYPE', '"options.labels.tier" must be a string'],
    [{ register: undefined }, 'INVALID_ARG_TYPE', '"options.register" must be a registry'],
    [{ register: new Map() }, 'NOT_PROMETHEUS', 'options.register has no registerMetric()'],
  ])('%o are refused', (options, code, message) => {
    const register = new Registry()
    expect(() => threadMetrics({ register, ...options } as never)).toThrow(wrong(code, message))
    expect(register.getMetricsAsArray()).toEqual([])
  })

  it.each([undefined, null, 5])('%s in their place is refused', (options) => {
    expect(() => threadMetrics(options as never)).toThrow(wrong('INVALID_ARG_TYPE', 'options'))
  })

  it('are copied', async () => {
    const register = new Registry()
    const labels = { tier: 'front' }
    threadMetrics({ register, labels })
    labels.tier = 'back'
    expect(await register.metrics()).not.toContain('back')
  })
})
