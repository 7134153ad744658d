import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { conditionFor } from '../../dist/diagnostics/triggers/condition.js'
import { type Captured, emptyDirectory, hottest, readJson, runApp } from './triggers-app.js'

// Each condition on a real program: in the right thread, not on its neighbours, not too early.

const only = (captures: Captured[]): Captured => {
  expect(captures).toHaveLength(1)
  return captures[0] as Captured
}

const stackOf = ({ files }: Captured) => readJson(files[0] as string)

describe.concurrent('blockedFor', () => {
  it('leaves the evidence of a stall that is over, and names the guilty function', async () => {
    const directory = emptyDirectory()
    const { pid, began, captures, heard } = await runApp({
      triggers: [[{ blockedFor: 1 }, { directory, profileSeconds: 1 }]],
      ...{ act: 'spin', ms: 3000 },
    })
    const capture = only(captures)
    expect(capture).toMatchObject({ number: 1, failures: [], thread: { threadId: 0, tid: pid } })
    expect(capture.at - began).toBeGreaterThanOrEqual(1000)
    expect(capture.at - began).toBeLessThan(3000)
    expect(capture.value).toBeGreaterThanOrEqual(1)
    expect(capture.files.map((path) => path.slice(path.lastIndexOf('/') + 1))).toEqual([
      expect.stringMatching(`^threadmeter-\\d{8}T\\d{6}\\.\\d{3}Z-${pid}-main-.+\\.stack\\.json$`),
      expect.stringMatching(`^threadmeter-\\d{8}T\\d{6}\\.\\d{3}Z-${pid}-main-.+\\.cpuprofile$`),
    ])
    expect(stackOf(capture)).toMatchObject({
      state: 'javascript',
      frames: expect.arrayContaining([expect.objectContaining({ functionName: 'guiltySpin' })]),
    })
    const { at, value } = capture
    expect(stackOf(capture).trigger).toEqual({
      ...{ id: 'blockedFor-1-1', condition: 'blockedFor', threshold: 1, for: 1, value, at },
    })
    // A line for each frame: the file is read as it is.
    const lines = readFileSync(capture.files[0] as string, 'utf8').split('\n')
    expect(lines.find((line) => line.includes('"guiltySpin"'))).toMatch(/^ {4}\{.*\},$/)
    expect(hottest(capture.files[1] as string)).toBe('guiltySpin')
    expect(heard).toEqual([capture.files])
  })

  it('finds a worker in a wait, beside those that are well', async () => {
    const { captures } = await runApp({
      triggers: [[{ blockedFor: 1 }, { directory: emptyDirectory(), profileSeconds: 0 }]],
      ...{ act: 'wait', where: 'guilty', ms: 2500 },
    })
    const capture = only(captures)
    expect(capture.thread.name).toBe('guilty')
    expect(capture.files).toHaveLength(1)
    expect(stackOf(capture).frames.map(({ functionName }: never) => functionName)).toContain('wait')
  })

  it('tells what the kernel says of a thread in a native call', async () => {
    const { captures } = await runApp({
      triggers: [[{ blockedFor: 1 }, { directory: emptyDirectory(), profileSeconds: 1 }]],
      ...{ act: 'native', ms: 3500 },
    })
    const capture = only(captures)
    expect(capture.failures).toEqual([])
    expect(capture.files).toHaveLength(1)
    const { state, frames, kernel } = stackOf(capture)
    expect({ state, frames }).toEqual({ state: 'native', frames: [] })
    expect(kernel.state).toBe('S')
    expect(kernel.cpu).toBeLessThan(0.2)
  })

  it('leaves a loop alone that is always busy and turns', async () => {
    const { captures } = await runApp({
      triggers: [[{ blockedFor: 0.5 }, { directory: emptyDirectory(), profileSeconds: 0 }]],
      ...{ act: 'turns', ms: 2500, captures: 1, patience: 200 },
    })
    expect(captures).toEqual([])
  })
})

describe.concurrent('cpuAbove, eluAbove, heapAbove', () => {
  it('fires for the thread that runs, after so many seconds', async () => {
    const { began, captures } = await runApp({
      triggers: [
        [
          { cpuAbove: 0.2, for: 2 },
          { directory: emptyDirectory(), profileSeconds: 1 },
        ],
      ],
      ...{ act: 'turns', where: 'guilty', ms: 5000 },
    })
    const capture = only(captures)
    expect(capture.thread.name).toBe('guilty')
    expect(capture.at - began).toBeGreaterThanOrEqual(2000)
    expect(capture.value).toBeGreaterThan(0.2)
    expect(capture.value).toBeLessThan(1.1)
    expect(hottest(capture.files[1] as string)).toBe('guiltySpin')
  })

  it('does not fire for what is over before', async () => {
    const { captures } = await runApp({
      triggers: [
        [{ cpuAbove: 0.2, for: 2 }, { directory: emptyDirectory() }],
        [{ eluAbove: 0.5, for: 2 }, { directory: emptyDirectory() }],
        [{ blockedFor: 2 }, { directory: emptyDirectory() }],
      ],
      ...{ act: 'twice', ms: 1300, patience: 500 },
    })
    expect(captures).toEqual([])
  })

  it('fires for a loop that does not rest, though its thread does not run', async () => {
    const { captures } = await runApp({
      triggers: [
        [
          { eluAbove: 0.9, for: 1 },
          { directory: emptyDirectory(), profileSeconds: 0 },
        ],
        [
          { cpuAbove: 0.5, for: 1 },
          { directory: emptyDirectory(), profileSeconds: 0 },
        ],
      ],
      ...{ act: 'wait', where: 'guilty', ms: 3000 },
    })
    expect(only(captures)).toMatchObject({ thread: { name: 'guilty' }, value: 1 })
  })

  it('fires for a heap beyond its bytes or its share of the limit, of that thread alone', async () => {
    const directory = emptyDirectory()
    const capture = { directory, profileSeconds: 0, heapSnapshot: false }
    const { captures } = await runApp({
      triggers: [
        [{ heapAbove: 100e6, for: 0.5 }, capture],
        [{ heapAbove: 0.02, for: 0.5 }, capture],
        [{ heapAbove: 0.99, for: 0.5 }, capture],
      ],
      ...{ act: 'allocate', where: 'guilty', ms: 3000, captures: 2 },
    })
    const [bytes, share] = captures as [Captured, Captured]
    expect(captures.map(({ thread }) => thread.name)).toEqual(['guilty', 'guilty'])
    expect(bytes.value).toBeGreaterThan(100e6)
    expect(share.value).toBeGreaterThan(0.02)
    expect(share.value).toBeLessThan(0.5)
  })
})

describe('a rate that is looked at in parts', () => {
  const spec = { condition: 'cpuAbove', threshold: 0.5, for: 4 } as never

  /** Whether it is met at each of the looks, at those ms, of a thread that is busy for so many. */
  function metAt(busyMs: number, looks: readonly number[]): boolean[] {
    const condition = conditionFor(spec)
    return looks.map((at) => {
      const thread = { at, cpu: Math.min(at, busyMs) } as never
      return condition.look(thread, undefined).met
    })
  }

  it('counts no part that has not been seen to its end', () => {
    // Parts end at 1100, 2200, 3300 and 4400: at 4050 nobody knows of the last one.
    const looks = [0, 550, 1100, 1650, 2200, 2750, 3300, 4050, 4400]
    expect(metAt(3350, looks)).not.toContain(true)
    expect(metAt(9000, looks).indexOf(true)).toBe(8)
  })
})
