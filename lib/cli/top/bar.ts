import type { Verdict } from '../../cpu/verdict.js'
import type { ServiceThread } from '../../observer/outside/index.js'
import { type Line, type Span, type Style, span } from '../terminal/text.js'

const PARTS = ['user', 'system', 'waiting', 'held', 'rest'] as const

type Part = (typeof PARTS)[number]

/** The characters to draw with. */
export type Glyphs = Readonly<Record<Part, string>>

const UNICODE: Glyphs = { user: '█', system: '▓', waiting: '▒', held: '░', rest: '·' }
const ASCII: Glyphs = { user: '#', system: '=', waiting: '!', held: '~', rest: '.' }

export const glyphsFor = (unicode: boolean): Glyphs => (unicode ? UNICODE : ASCII)

export const VERDICT_STYLES: Readonly<Record<Verdict, Style>> = {
  busy: 'good',
  starved: 'badStrong',
  blocked: 'warn',
  idle: 'dim',
}

const PART_STYLES: Readonly<Record<Part, Style>> = {
  user: 'good',
  system: 'cool',
  waiting: 'bad',
  held: 'warn',
  rest: 'dim',
}

const PART_MEANINGS: Readonly<Record<Part, string>> = {
  user: 'user',
  system: 'system',
  waiting: 'waits for a processor',
  held: 'held in a call',
  rest: 'idle',
}

/**
 * A window of a thread in five parts that sum to 1: it ran, in user code or in the kernel; it waited for a
 * processor; it was held in the middle of an event loop turn, doing nothing; the rest it idled.
 */
function partsOf(thread: ServiceThread): Record<Part, number> {
  const user = thread.user ?? 0
  const system = thread.system ?? 0
  const waiting = thread.runDelay ?? 0
  const used = user + system + waiting
  const held = thread.verdict === 'blocked' || (thread.stalled ?? 0) > 0
  const loop = Math.max((thread.eventLoopUtilization ?? 0) - used, 0)
  const heldShare = held ? loop : 0
  return { user, system, waiting, held: heldShare, rest: Math.max(1 - used - heldShare, 0) }
}

/** The parts as a bar of `width` columns; blank before there was a window. */
export function bar(thread: ServiceThread, width: number, glyphs: Glyphs): Span[] {
  if (thread.cpu === null) return [span(' '.repeat(width))]
  const parts = partsOf(thread)
  const total = PARTS.reduce((sum, part) => sum + parts[part], 0)
  let sum = 0
  let drawn = 0
  return PARTS.map((part) => {
    sum += parts[part]
    const end = Math.round((sum / total) * width)
    const text = glyphs[part].repeat(end - drawn)
    drawn = end
    return span(text, PART_STYLES[part])
  })
}

/** What the parts of the bar mean. */
export const legend = (glyphs: Glyphs): Line =>
  PARTS.flatMap((part) => [
    span(glyphs[part], PART_STYLES[part]),
    span(` ${PART_MEANINGS[part]}  `, 'dim'),
  ])
