import type { StackReport } from 'threadmeter/diagnostics'
import { describe, expect, it } from 'vitest'
import { during, type Taken } from './capturing.js'

const functions = ({ frames }: Pick<StackReport, 'frames'>) =>
  frames.map(({ functionName }) => functionName)

describe('the stack of a thread', () => {
  it('is exact in the middle of a loop, and says what the kernel sees', async () => {
    const [{ json, events, commands }] = await during<[Taken<StackReport>]>(
      'spin',
      [{ kind: 'stack', afterMs: 400 }],
      800,
    )
    expect(json.state).toBe('javascript')
    expect(functions(json).slice(0, 2)).toEqual(['spinning', 'spinsFor'])
    const [spinning, caller] = json.frames
    expect(spinning?.url).toMatch(/capture-spin\.mjs$/)
    // Lines 4 to 10 are the loop's, 13 is where it is called.
    expect(spinning?.lineNumber).toBeGreaterThanOrEqual(4)
    expect(spinning?.lineNumber).toBeLessThanOrEqual(10)
    expect(caller?.lineNumber).toBe(13)
    expect(json).toMatchObject({ kind: 'stack', partial: null, thread: { role: 'main' } })
    expect(json.kernel).toMatchObject({ state: 'R', syscall: null, wchan: null })
    expect(json.kernel.cpu).not.toBe(null)
    expect(json.window.seconds).toBeGreaterThan(0.04)
    expect(events).toMatchObject([{ event: 'started', seconds: null }])
    expect(commands).toEqual(['Runtime.enable', 'Runtime.evaluate', 'Runtime.disable'])
  })

  it('is empty while it waits in its event loop', async () => {
    const [{ json }] = await during<[Taken<StackReport>]>('idle', [{ kind: 'stack', afterMs: 400 }])
    expect(json).toMatchObject({ state: 'idle', frames: [], stackAtStart: [] })
    expect(json.kernel.cpu).toBeLessThan(0.5)
    expect(json.kernel.state).not.toBe(null)
  })

  it('comes from a short profile where nothing can be evaluated', async () => {
    const [busy, idle] = await during<[Taken<StackReport>, Taken<StackReport>]>(
      'spin',
      [
        { kind: 'stack', afterMs: 400, refuse: ['Runtime.evaluate'] },
        { kind: 'stack', afterMs: 800, refuse: ['Runtime.evaluate'] },
      ],
      1000,
    )
    expect(functions(busy.json).slice(0, 2)).toEqual(['spinning', 'spinsFor'])
    expect(busy.json.frames[0]?.lineNumber).toBeGreaterThanOrEqual(4)
    expect(busy.json.frames[0]?.lineNumber).toBeLessThanOrEqual(10)
    expect(busy.commands.at(-1)).toBe('Profiler.disable')
    expect(idle.json).toMatchObject({ state: 'idle', frames: [] })
  })

  it('fails with what the request was aborted with', async () => {
    const [{ error }] = await during<[Taken]>('idle', [{ kind: 'stack', abortAfterMs: 5 }])
    expect(error?.message).toBe('enough')
  })
})
