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
let glyphs: Module

beforeAll(async () => {
  text = await poolModule('text')
  bars = await poolModule('bar')
  glyphs = bars.glyphsFor(true)
})

const textOf = (spans: Span[]): string => spans.map((span) => span.text).join('')

describe('text', () => {
  it('counts the columns that a terminal uses', () => {
    const widths = { thread: 6, 線程: 4, '🧵x': 3, café: 4, '👩‍🚀': 2, '': 0 }
    for (const [sample, width] of Object.entries(widths)) {
      expect([sample, text.widthOf(sample)]).toEqual([sample, width])
    }
  })

  it('pads and cuts to an exact width, also in the middle of a wide character', () => {
    expect(text.pad('abc', 5)).toBe('abc  ')
    expect(text.pad('abc', 5, 'right')).toBe('  abc')
    expect(text.pad('abcdef', 5)).toBe('abcd…')
    expect(text.pad('線程線程', 6)).toBe('線程… ')
    expect(text.pad('abc', 0)).toBe('')
    for (const sample of ['thumbnails-of-cats', '線程線程', '🧵🧵🧵🧵🧵', 'x']) {
      for (let width = 0; width < 12; width++) {
        expect([sample, text.widthOf(text.pad(sample, width))]).toEqual([sample, width])
      }
    }
  })

  it('lets no control character of a name through to the terminal', () => {
    expect(text.pad('a\x1b[2Jb', 12)).toBe('a\ufffd[2Jb      ')
    expect(text.cut('a\nb', 9)).toBe('a\ufffdb')
  })

  it('wraps at blanks', () => {
    expect(text.wrap('one two three four', 9)).toEqual(['one two', 'three', 'four'])
    expect(text.wrap('incomprehensible', 5)).toEqual(['incomprehensible'])
  })

  it('cuts a line before it colours it', () => {
    const spans = [text.span('busy', 'good'), text.span(' and idle', 'dim')]
    expect(text.paint(spans, 99, false)).toBe('busy and idle')
    expect(text.paint(spans, 99, true)).toBe('\x1b[32mbusy\x1b[0m\x1b[2m and idle\x1b[0m')
    expect(text.paint(spans, 7, true)).toBe('\x1b[32mbusy\x1b[0m\x1b[2m a…\x1b[0m')
    expect(text.paint(spans, 4, true)).toBe('\x1b[32mbusy\x1b[0m')
  })
})

const SHARES = { user: 0.4, system: 0.1, runDelay: 0.1, eventLoopUtilization: 0.8 }

describe('bar', () => {
  const draw = (more: object, width = 10): string =>
    textOf(bars.bar({ ...SHARES, ...more }, width, glyphs))

  it('shows where the time went', () => {
    expect(draw({ user: 0.4, system: 0.1, runDelay: 0.2, eventLoopUtilization: 0.9 })).toBe(
      '████▓▒▒░░·',
    )
  })

  it('tells the four verdicts apart at a glance', () => {
    const part = { user: 0, system: 0, runDelay: 0, eventLoopUtilization: 1 }
    expect(draw({ ...part, user: 1 })).toBe('██████████')
    expect(draw({ ...part, user: 0.3, runDelay: 0.7 })).toBe('███▒▒▒▒▒▒▒')
    expect(draw(part)).toBe('░░░░░░░░░░')
    expect(draw({ ...part, eventLoopUtilization: 0 })).toBe('··········')
  })

  it('keeps its width with figures that are not known or add up to more than 1', () => {
    expect(draw({ user: 0.5, system: 0, runDelay: null, eventLoopUtilization: null })).toBe(
      '█████·····',
    )
    expect(draw({ user: 0.9, system: 0.2, runDelay: 0.4, eventLoopUtilization: 1 })).toHaveLength(
      10,
    )
  })

  it('draws in ASCII where the locale has no more', () => {
    const spans = bars.bar(SHARES, 10, bars.glyphsFor(false))
    expect(textOf(spans)).toBe('####=!~~..')
  })

  it('draws the history, the last look rightmost, coloured by its verdict', () => {
    const history = [
      { cpu: 0, verdict: 'idle' },
      { cpu: 1, verdict: 'busy' },
      { cpu: 0.5, verdict: 'starved' },
    ]
    const spans: Span[] = bars.strip(history, 5, glyphs)
    expect(textOf(spans)).toBe('  ▁█▅')
    expect(spans.at(-1)?.style).toBe('badStrong')
    expect(textOf(bars.strip(history, 2, glyphs))).toBe('█▅')
  })
})
