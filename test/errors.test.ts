import { inspect } from 'node:util'
import {
  setThreadName,
  ThreadmeterError,
  type ThreadmeterErrorCode,
  threadsInto,
} from 'threadmeter'
import { beforeAll, describe, expect, it } from 'vitest'
import { runFixture } from './fixtures/run.js'

interface Outcome {
  returned?: string
  name?: string
  code?: string
  message?: string
  isOwn?: boolean
  cause?: { code?: string; message?: string }
}

/** What a call throws. */
function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

describe('ThreadmeterError', () => {
  it.each<[ThreadmeterErrorCode, string[], string]>([
    [
      'ERR_THREADMETER_ADDON_UNAVAILABLE',
      ['gettid()'],
      'gettid() needs the native addon, which could not be loaded (see cause)',
    ],
    [
      'ERR_THREADMETER_PROCFS_UNAVAILABLE',
      ['processCpuUsage()', 'No such file or directory'],
      'processCpuUsage() needs /proc/self/task, which cannot be used here: No such file or directory',
    ],
    [
      'ERR_THREADMETER_MAIN_THREAD',
      ['setThreadName()'],
      'setThreadName() cannot be used on the main thread: its kernel name is the name of the process',
    ],
  ])('%s says what it is about', (code, details, message) => {
    const error = new ThreadmeterError(code, details)
    expect(error).toBeInstanceOf(Error)
    expect({ ...error, message: error.message, name: error.name }).toEqual({
      code,
      message,
      name: 'ThreadmeterError',
    })
    expect('cause' in error).toBe(false)
    expect(error.stack).toMatch(/^ThreadmeterError/)
    expect(String(error)).toBe(`ThreadmeterError: ${message}`)
  })

  it('keeps its cause and shows it', () => {
    const cause = new Error('the reason behind it')
    const error = new ThreadmeterError('ERR_THREADMETER_MAIN_THREAD', ['a call'], cause)
    expect(error.cause).toBe(cause)
    expect(inspect(error)).toContain('the reason behind it')
    expect(inspect(error)).toContain('ERR_THREADMETER_MAIN_THREAD')
  })
})

describe('wrong arguments', () => {
  it('are a TypeError with a code, the expectation and the value', () => {
    const error = thrownBy(() => threadsInto('rows' as never)) as TypeError & { code: string }
    expect(error).toBeInstanceOf(TypeError)
    expect(error).not.toBeInstanceOf(ThreadmeterError)
    expect(error.code).toBe('ERR_THREADMETER_INVALID_ARG_TYPE')
    expect(error.message).toBe(`"target" must be a Float64Array. Received 'rows'`)
  })

  it('are a RangeError where the type is right', () => {
    const error = thrownBy(() => setThreadName('')) as RangeError & { code: string }
    expect(error).toBeInstanceOf(RangeError)
    expect(error.code).toBe('ERR_THREADMETER_OUT_OF_RANGE')
    expect(error.message).toBe(`"name" must be 1 to 15 bytes of UTF-8 without NUL. Received ''`)
  })

  it('show a large value by its outline', () => {
    const value = { deep: { deeper: { deepest: 'x'.repeat(10_000) } } }
    const { message } = thrownBy(() => threadsInto(value as never)) as Error
    expect(message).toContain('{ deep: [Object] }')
    expect(message.length).toBeLessThan(100)
  })

  it('never run into the value they refuse', () => {
    const hostile = new Proxy(() => {}, {
      get() {
        throw new Error('touched')
      },
    })
    const error = thrownBy(() => threadsInto(hostile as never)) as Error & { code: string }
    expect(error.code).toBe('ERR_THREADMETER_INVALID_ARG_TYPE')
  })
})

describe('without the addon', () => {
  let outcomes: Record<string, Outcome>
  let badArgument: Outcome
  let called: number

  beforeAll(async () => {
    ;({ outcomes, badArgument, called } = await runFixture<{
      outcomes: typeof outcomes
      badArgument: Outcome
      called: number
    }>('without-addon.mjs', { nodeArgs: ['--no-addons'] }))
  })

  it.each([
    'threadCpuTime',
    'threadResourceUsage',
    'gettid',
    'setThreadName',
    'threads',
    'threadsInto',
    'ThreadSampler',
    'processCpuUsage',
  ])('%s throws a coded error that names it and the reason', (name) => {
    const { cause, message, ...rest } = outcomes[name] as Outcome
    expect(rest).toEqual({
      name: 'ThreadmeterError',
      code: 'ERR_THREADMETER_ADDON_UNAVAILABLE',
      isOwn: true,
    })
    expect(message).toMatch(new RegExp(`^${name}(\\(\\))? needs the native addon`))
    expect(cause?.code).toBe('ERR_DLOPEN_DISABLED')
    expect(cause?.message).toMatch(/\S/)
  })

  it('measureCpu throws it before the function is called', () => {
    expect(outcomes.measureCpu?.code).toBe('ERR_THREADMETER_ADDON_UNAVAILABLE')
    expect(called).toBe(0)
  })

  it('wrong arguments are refused as such', () => {
    expect(badArgument.code).toBe('ERR_THREADMETER_INVALID_ARG_TYPE')
  })
})
