import { describe, expect, test } from 'vitest'
import { interruptResult, runInterrupt } from './interrupt-fixture.js'

const run = <Result>(scenario: string, ...args: string[]) =>
  interruptResult<Result>('endings', scenario, ...args)

describe('what ends while it answers an interrupt', () => {
  test.each(['spin', 'idle', 'wait', 'match', 'sort'])(
    'worker.terminate(), %s: it ends, and so does the command',
    async (state) => {
      expect(await run('terminate', state)).toEqual({
        code: 1,
        outcomes: ['ERR_THREADMETER_THREAD_ENDED', 'ERR_THREADMETER_THREAD_ENDED'],
        endings: ['thread ended'],
        reachable: false,
      })
    },
  )

  test('process.exit() in the worker: a profile is saved, and the exit not delayed for long', async () => {
    const { ms, ...rest } = await run<{ ms: number }>('profile')
    expect(rest).toEqual({ code: 5, hasLeave: true, after: 'ERR_THREADMETER_THREAD_ENDED' })
    expect(ms).toBeLessThan(3000)
  })

  test("a script's time-out still ends the script", async () => {
    expect(await run('timeout')).toEqual({
      answer: 'ERR_THREADMETER_CAPTURE_FAILED',
      script: 'ERR_SCRIPT_EXECUTION_TIMEOUT',
      next: 'answered',
    })
  })

  test('process.exit() exits', async () => {
    const { code, stderr, seconds } = await runInterrupt('endings', 'exit')
    expect({ code, stderr }).toEqual({ code: 7, stderr: '' })
    expect(seconds).toBeLessThan(10)
  })

  test('the exit of the process: what is not answered by then fails before it goes on', async () => {
    expect(await run('announced')).toEqual({
      inTime: 'ERR_THREADMETER_PROCESS_ENDED',
      endings: ['process ended'],
    })
  })

  test('an open conversation keeps nobody alive', async () => {
    const { code, seconds } = await runInterrupt('endings', 'idle')
    expect(code).toBe(0)
    expect(seconds).toBeLessThan(10)
  })

  test('helpers: what they began and left makes no thread unreachable', async () => {
    expect(await run('helpers')).toEqual({ after: 'answered' })
  })

  test('short-lived workers: each letter is answered by its own thread or ends with it', async () => {
    const { workers, answered, ended, wrong, waiting } = await interruptResult<
      Record<string, number>
    >('churn', '120')
    expect({ workers, wrong, waiting }).toEqual({ workers: 120, wrong: 0, waiting: 0 })
    expect(answered).toBeGreaterThan(100)
    expect(ended).toBeGreaterThan(0)
  })
})

describe('commands by interrupts', () => {
  test('to a thread in a native call: taken back without a trace, or answered afterwards', async () => {
    expect(await run('native')).toEqual({
      closed: ['ERR_THREADMETER_CAPTURE_FAILED'],
      inTheCall: 'nothing',
      value: 42,
      gone: 'ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE',
    })
  })

  test('more than there is room for are refused', async () => {
    expect(await run('flood')).toEqual({
      outcomes: ['ERR_THREADMETER_BUSY'],
      after: 'answered',
    })
  })

  test('next to the end of the stack the thread lives on', async () => {
    const { outcomes, answered, alive } = await run<{
      outcomes: string[]
      answered: number
      alive: string
    }>('recursion')
    expect(['answered', 'ERR_THREADMETER_CAPTURE_FAILED']).toEqual(expect.arrayContaining(outcomes))
    expect(answered).toBeGreaterThan(0)
    expect(alive).toBe('alive')
  })

  test('events come in pieces, all of them before the answer', async () => {
    const { isWhole, nodes, bytes, late } = await run<Record<string, unknown>>('large')
    expect({ isWhole, late }).toEqual({ isWhole: true, late: 0 })
    expect(nodes).toBeGreaterThan(200_000)
    expect(bytes).toBeGreaterThan(8 * 1024 * 1024) // more than one piece
  })

  test.each([
    [
      'is asked for again where the thread had no room for it',
      ['full', 'full', 'told'],
      'answered',
    ],
    ['fails with what asks for it', ['broken'], 'ERR_THREADMETER_CAPTURE_FAILED'],
    ['fails where a termination may have hit it', ['terminated'], 'ERR_THREADMETER_CAPTURE_FAILED'],
  ])('an answer that comes later %s', async (_, takes, outcome) => {
    expect(await interruptResult('later', ...takes)).toEqual({ outcome })
  })

  test('a promise is waited for, an unknown command refused', async () => {
    expect(await run('promise')).toEqual({
      value: 42,
      unknown: {
        code: 'ERR_THREADMETER_CAPTURE_FAILED',
        message: expect.stringMatching(/^Nothing\.such failed: .*-32601.*wasn't found/),
      },
    })
  })
})
