import { describe, expect, it } from 'vitest'

const { checkTrigger } = await import('../../dist/diagnostics/triggers/check.js')
const { triggersFromEnvironment } = await import('../../dist/diagnostics/triggers/environment.js')
const { textOfTrigger, triggerFromText } = await import('../../dist/diagnostics/triggers/text.js')

const DEFAULTS = {
  profileSeconds: 5,
  heapSnapshot: false,
  directory: null,
  files: 20,
  bytes: 100e6,
  every: 60,
}

describe('checkTrigger', () => {
  it('fills in what is not said', () => {
    const blocked = { condition: 'blockedFor', threshold: 5, for: 5, thread: 'all' }
    expect(checkTrigger({ blockedFor: 5 }, undefined)).toEqual({ ...blocked, capture: DEFAULTS })
    expect(checkTrigger({ cpuAbove: 0.9 }, { every: 7 })).toEqual({
      ...{ condition: 'cpuAbove', threshold: 0.9, for: 10, thread: 'all' },
      capture: { ...DEFAULTS, every: 7 },
    })
  })

  const TYPE = 'ERR_THREADMETER_INVALID_ARG_TYPE'
  const RANGE = 'ERR_THREADMETER_OUT_OF_RANGE'

  it.each([
    [undefined, undefined, TYPE, 'conditions'],
    [[], undefined, TYPE, 'conditions'],
    [{}, undefined, RANGE, 'one of blockedFor'],
    [{ blockedFor: 1, cpuAbove: 0.5 }, undefined, RANGE, 'one of blockedFor'],
    [{ blockedfor: 1 }, undefined, RANGE, "'blockedfor'"],
    [{ blockedFor: '5' }, undefined, TYPE, "'5'"],
    [{ blockedFor: 0 }, undefined, RANGE, 'Received 0'],
    [{ blockedFor: Number.NaN }, undefined, RANGE, 'NaN'],
    [{ blockedFor: 5, for: 10 }, undefined, RANGE, 'beside blockedFor'],
    [{ cpuAbove: 1 }, undefined, RANGE, 'below 1'],
    [{ cpuAbove: 0 }, undefined, RANGE, 'above 0'],
    [{ eluAbove: 90 }, undefined, RANGE, 'Received 90'],
    [{ heapAbove: 500 }, undefined, RANGE, 'bytes from 1048576'],
    [{ heapAbove: Number.POSITIVE_INFINITY }, undefined, RANGE, 'Infinity'],
    [{ cpuAbove: 0.5, for: 0 }, undefined, RANGE, '"for"'],
    [{ blockedFor: 5, thread: '' }, undefined, RANGE, '"thread"'],
    [{ blockedFor: 5, thread: {} }, undefined, TYPE, '"thread"'],
    [{ blockedFor: 5 }, 5, TYPE, '"capture"'],
    [{ blockedFor: 5 }, { profileSeconds: -1 }, RANGE, '"profileSeconds"'],
    [{ blockedFor: 5 }, { heapSnapshot: 'yes' }, TYPE, "'yes'"],
    [{ blockedFor: 5 }, { directory: 'here' }, RANGE, 'absolute'],
    [{ blockedFor: 5 }, { directory: '/a\0b' }, RANGE, 'absolute'],
    [{ blockedFor: 5 }, { files: 0.5 }, RANGE, '"files"'],
    [{ blockedFor: 5 }, { files: 1.5 }, RANGE, 'whole number'],
    [{ blockedFor: 5 }, { bytes: 10 }, RANGE, '"bytes"'],
    [{ blockedFor: 5 }, { every: 0 }, RANGE, '"every"'],
    [{ blockedFor: 5 }, { evry: 5 }, RANGE, "'evry'"],
    [{ blockedFor: 5 }, { onCapture: 'log' }, TYPE, "'log'"],
  ])('refuses %j, %j', (conditions, capture, code, text) => {
    let thrown: unknown
    try {
      checkTrigger(conditions, capture)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(code === TYPE ? TypeError : RangeError)
    expect(thrown).toMatchObject({ code, message: expect.stringContaining(text as string) })
  })
})

describe('a trigger as text', () => {
  it.each([
    [{ blockedFor: 2.5 }, {}],
    [
      { cpuAbove: 0.5, for: 3, thread: 'main' },
      { profileSeconds: 0, directory: '/var/tmp/x y' },
    ],
    [
      { eluAbove: 0.001, thread: 7 },
      { files: 3, bytes: 2 ** 40, every: 86_400 },
    ],
    [{ heapAbove: 2 ** 31, for: 60, thread: 'a,b=c;d' }, { heapSnapshot: true }],
    [{ cpuAbove: 1e-7 }, {}],
    [{ heapAbove: 1e21 }, {}],
  ])('says the same: %j, %j', (conditions, capture) => {
    const spec = checkTrigger(conditions, capture)
    const query = new URLSearchParams(textOfTrigger(spec))
    expect(triggerFromText('query', new URLSearchParams(query.toString()))).toEqual(spec)
  })

  it('names what is no number', () => {
    const query = new URLSearchParams('blockedFor=1.2.3')
    expect(() => triggerFromText('query', query)).toThrow("'1.2.3'")
  })

  it('refuses names that are given twice, or that no object should have', () => {
    const twice = new URLSearchParams('blockedFor=5&blockedFor=6')
    expect(() => triggerFromText('query', twice)).toThrow('one blockedFor')
    const odd = new URLSearchParams('blockedFor=5&__proto__=6')
    expect(() => triggerFromText('query', odd)).toThrow('__proto__')
  })
})

describe('THREADMETER_WHEN', () => {
  it('sets several, and complains of each that cannot be used', () => {
    const complaints: Error[] = []
    const text = 'blockedFor=5, every=60 ; heapAbove=0.9,heapSnapshot=on;;nonsense;cpuAbove=high'
    const specs = triggersFromEnvironment((error: Error) => complaints.push(error), text)
    expect(specs).toEqual([
      checkTrigger({ blockedFor: 5 }, { every: 60 }),
      checkTrigger({ heapAbove: 0.9 }, { heapSnapshot: true }),
    ])
    expect(complaints.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^THREADMETER_WHEN \(nonsense\): .*blockedFor=5,every=60/),
      expect.stringMatching(/^THREADMETER_WHEN \(cpuAbove=high\): "cpuAbove" must be a number/),
    ])
  })
})
