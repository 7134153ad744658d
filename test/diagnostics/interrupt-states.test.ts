import { beforeAll, describe, expect, test } from 'vitest'
import { interruptResult } from './interrupt-fixture.js'

interface Seen {
  readonly error?: string
  readonly names: string[]
  readonly urls: string[]
  readonly profile: {
    self: Record<string, number>
    own: string[]
    hits: number
    samples: number
  } | null
  readonly mainWasBlocked: boolean
  readonly available: boolean
  readonly before: number[]
  readonly after: number[]
  readonly ran: string[]
}

// Which function it is that runs, and how much of the profile is its own, at least. Where the rest goes:
// V8 blames the first samples of a loop that already ran on its caller; queues of ticks and microtasks,
// and clocks, run functions of Node.
const STATES = {
  spin: { innermost: 'spin', self: 0.7 },
  fibonacci: { innermost: 'fibonacci', self: 0.7 },
  match: { innermost: 'match', self: 0.7 },
  wasm: { within: 'wasm' },
  wait: { innermost: 'wait', self: 0.7 },
  microtasks: { within: 'microtasks' },
  sort: { within: 'compare' },
} as const

describe('a worker, while the main thread is in readSync() of a pipe', () => {
  let seen: Record<string, Seen>

  beforeAll(async () => {
    const states = ['idle', 'ticks', ...Object.keys(STATES)]
    seen = await interruptResult('states', 'fifo', '150', ...states)
  })

  test.each(Object.entries(STATES))('%s: the function that runs', (state, expected) => {
    const { error, names, mainWasBlocked } = seen[state] as Seen
    expect({ error, mainWasBlocked }).toEqual({ error: undefined, mainWasBlocked: true })
    if ('innermost' in expected) expect(names[0]).toBe(expected.innermost)
    else expect(names).toContain(expected.within)
  })

  test.each(Object.entries(STATES))(
    '%s: a profile from its start to its end',
    (state, expected) => {
      const { self, hits, samples } = (seen[state] as Seen).profile as NonNullable<Seen['profile']>
      expect(samples).toBeGreaterThan(20)
      expect(hits).toBeGreaterThan(0)
      if ('self' in expected) expect(self[expected.innermost]).toBeGreaterThan(expected.self)
    },
  )

  test('the profile of a wasm loop names its function', () => {
    const { self } = (seen.wasm as Seen).profile as NonNullable<Seen['profile']>
    const wasm = Object.entries(self).filter(([name]) => name.startsWith('wasm-function'))
    expect(wasm.reduce((sum, [, share]) => sum + share, 0)).toBeGreaterThan(0.7)
  })

  test('in a queue of ticks that never ends', () => {
    const { error, names } = seen.ticks as Seen
    expect(error).toBeUndefined()
    expect(names).toContain('processTicksAndRejections')
  })

  test('idle: woken, with no stack and a profile of nothing', () => {
    const { error, names, profile, mainWasBlocked } = seen.idle as Seen
    expect({ error, names, mainWasBlocked }).toEqual({
      error: undefined,
      names: [],
      mainWasBlocked: true,
    })
    expect(profile?.self['(idle)']).toBeGreaterThan(0.7)
  })

  test('no stack and no profile shows who asked', () => {
    for (const [state, { urls, profile }] of Object.entries(seen)) {
      const ours = urls.filter((url) => /\/dist\/diagnostics\/|node:inspector/.test(url))
      expect({ state, ours, own: profile?.own }).toEqual({ state, ours: [], own: [] })
    }
  })

  test('being reachable loads nothing and keeps nothing alive', () => {
    for (const { available, before, after } of Object.values(seen)) {
      expect(available).toBe(true)
      expect(after).toEqual(before)
    }
  })
})

test('while the main thread is in pbkdf2Sync(): no timer, tick or microtask of the worker runs', async () => {
  const { spinOnce } = await interruptResult<Record<string, Seen>>(
    'states',
    'pbkdf2',
    '0',
    'spinOnce',
  )
  const { error, names, mainWasBlocked, ran } = spinOnce as Seen
  expect({ error, mainWasBlocked }).toEqual({ error: undefined, mainWasBlocked: true })
  expect(names).toContain('spinOnce')
  expect(ran).toEqual([])
})
