import { beforeAll, describe, expect, it } from 'vitest'
import { poolModule } from './running.js'

// biome-ignore lint/suspicious/noExplicitAny: the examples have no types
type Module = any
interface Span {
  text: string
  style: string
}

let text: Module
let bars: Module
let tables: Module
let folding: Module
let frames: Module
let stories: Module
let glyphs: Module

const widthOf = (line: string): number => text.widthOf(line)

beforeAll(async () => {
  text = await poolModule('text')
  bars = await poolModule('bar')
  tables = await poolModule('table')
  folding = await poolModule('fold')
  frames = await poolModule('frame')
  stories = await poolModule('phases')
  glyphs = bars.glyphsFor(true)
})

const textOf = (spans: Span[]): string => spans.map((span) => span.text).join('')

function thread(name: string, more: object = {}): Module {
  return {
    name,
    role: 'worker',
    tid: 1000,
    threadId: 1,
    count: 1,
    cpu: 0.5,
    user: 0.4,
    system: 0.1,
    runDelay: 0.1,
    eventLoopUtilization: 0.8,
    verdict: 'busy',
    history: [{ cpu: 0.5, verdict: 'busy' }],
    doing: 'works',
    ...more,
  }
}

const helper = (name: string, more: object = {}): Module =>
  thread(name, { role: name, threadId: null, eventLoopUtilization: null, ...more })

describe('fold', () => {
  const threads = (): Module[] => [
    helper('main', { threadId: 0 }),
    thread('pool'),
    thread('pool'),
    ...Array.from({ length: 4 }, () => thread('crowd', { verdict: 'starved', runDelay: 0.5 })),
    helper('v8', { cpu: 0.2 }),
    helper('v8', { cpu: 0.1 }),
  ]
  const shape = (rows: Module[]): string[] => rows.map(({ name, count }) => `${name} ${count}`)

  it('leaves them alone where there is room', () => {
    expect(folding.fold(threads(), 9)).toHaveLength(9)
  })

  it('folds helpers first, then the largest group, and no more than needed', () => {
    const crowd = Array(4).fill('crowd 1')
    expect(shape(folding.fold(threads(), 8))).toEqual([
      'main 1',
      'pool 1',
      'pool 1',
      ...crowd,
      'v8 2',
    ])
    expect(shape(folding.fold(threads(), 5))).toEqual([
      'main 1',
      'pool 1',
      'pool 1',
      'crowd 4',
      'v8 2',
    ])
    expect(shape(folding.fold(threads(), 1))).toEqual(['main 1', 'pool 2', 'crowd 4', 'v8 2'])
  })

  it('sums CPU, averages shares, and shows the worst verdict', () => {
    const [row] = folding.fold(
      [helper('v8', { cpu: 0.2 }), helper('v8', { cpu: 0.1, verdict: 'idle' })],
      1,
    )
    expect(row.cpu).toBeCloseTo(0.3)
    expect(row.runDelay).toBeCloseTo(0.1)
    expect(row.eventLoopUtilization).toBe(null)
    expect(row.verdict).toBe('busy')
  })
})

describe('table', () => {
  const lines = (width: number, height: number, threads: Module[]): string[] =>
    tables.table(threads, { width, height, glyphs }).map(textOf)

  it('is never wider than the terminal, and keeps name and verdict to the last', () => {
    const threads = [thread('線程線程線程線程'), helper('v8')]
    for (let width = 22; width < 220; width++) {
      const [head, first] = lines(width, 9, threads)
      expect(text.widthOf(head)).toBeLessThanOrEqual(width)
      expect(text.widthOf(first)).toBe(text.widthOf(head))
      expect(first).toContain('busy')
      expect(head).toMatch(/^thread .*verdict/)
    }
  })

  it('has all columns in a wide terminal', () => {
    const [head] = lines(160, 9, [thread('any')])
    expect(head?.replace(/\s+/g, ' ').trim()).toBe(
      'thread role tid where time went CPU % user sys delay ELU % verdict history what it was made to do',
    )
  })

  it('gives long names room where there is some, and cuts them before the count', () => {
    const threads = [helper('node-V8Worker-7'), helper('node-V8Worker-7')]
    expect(lines(160, 9, threads)[1]).toMatch(/^node-V8Worker-7 /)
    expect(lines(60, 2, threads)[1]).toMatch(/^node-V8W\S*… x2 /)
  })

  it('shows a dash for what is not known', () => {
    expect(lines(100, 9, [helper('v8', { runDelay: null })])[1]).toMatch(/ 50\.0 .* - +- +busy/)
  })

  it('says what is left out where there is no room', () => {
    const threads = Array.from({ length: 20 }, (_, at) => thread(`t${at}`))
    const shown = lines(80, 10, threads)
    expect(shown).toHaveLength(10)
    expect(shown.at(-1)).toContain('12 more')
  })
})

describe('frame', () => {
  const view = (threads: Module[]): Module => ({
    title: 'every thread of this process',
    remaining: 12,
    threads,
    process: {
      processors: 4,
      coresUsed: 2.5,
      parts: { main: 1e6, workers: 2e6, helpers: 3e5, exited: 0, total: 3.3e6 },
    },
    service: { perSecond: 120, p95: 12, url: 'http://127.0.0.1:1/metrics' },
    phase: { index: 0, title: 'Quiet', text: 'a few words', texts: ['a few words', 'more'] },
  })
  const threads = Array.from({ length: 12 }, (_, at) => thread(`t${at}`))
  const draw = (width: number, height: number, colours = false): string[] =>
    frames.frame(view(threads), { width, height, stopKey: 'q', colours, glyphs })

  it('fits every terminal, and always shows threads', () => {
    for (const width of [20, 40, 79, 139]) {
      for (const height of [3, 8, 16, 24, 60]) {
        const lines = draw(width, height)
        expect(lines.length).toBeLessThanOrEqual(height)
        expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(width)
        expect(lines.join('\n')).toContain('t0')
      }
    }
  })

  it('shows the sums of the process, the story and the key where there is room', () => {
    const screen = draw(99, 40).join('\n')
    expect(screen).toContain('3.3 s of CPU = main 1.0 + workers 2.0 + helpers 0.3 + exited 0.0')
    expect(screen).toContain('120 requests/s: 95 % within 12 ms')
    expect(screen).toContain('1/2  Quiet')
    expect(screen).toContain('waits for a processor')
    expect(screen).toContain('12 s left, q stops')
  })

  it('writes no escape sequence without colours', () => {
    expect(draw(99, 40).join('')).not.toContain('\x1b')
    expect(draw(99, 40, true).join('')).toContain('\x1b[32m')
  })
})

describe('story', () => {
  it('goes through its phases once, in the given time', () => {
    const story = stories.createStory({ seconds: 10 })
    expect([0, 1.9, 2.1, 4.9, 5.1, 7.9, 8.1, 9.9].map(story.at)).toEqual([0, 0, 1, 1, 2, 2, 3, 3])
  })

  it('begins again when it is to run until stopped, and can stay in one phase', () => {
    const endless = stories.createStory({ seconds: 0 })
    expect([1, 31, 29, 59].map(endless.at)).toEqual([0, 0, 3, 3])
    const starved = stories.createStory({ seconds: 10, only: 'starved' })
    expect(starved.phases.map(({ name }: { name: string }) => name)).toEqual(['starved'])
    expect([0, 5, 9.9].map(starved.at)).toEqual([0, 0, 0])
  })
})
