// Where a thread's time went, as a bar; and how it went over the last looks, as a strip.
import { span } from './text.mjs'

const UNICODE = { user: '█', system: '▓', waiting: '▒', held: '░', rest: '·', steps: '▁▂▃▄▅▆▇█' }
const ASCII = { user: '#', system: '=', waiting: '!', held: '~', rest: '.', steps: '_.:-=+*#' }

/** The characters to draw with. */
export const glyphsFor = (unicode) => (unicode ? UNICODE : ASCII)

export const VERDICT_STYLES = { busy: 'good', starved: 'badStrong', blocked: 'warn', idle: 'dim' }

const PART_STYLES = { user: 'good', system: 'cool', waiting: 'bad', held: 'warn', rest: 'dim' }

/**
 * A second of a thread in five parts that sum to 1: it ran, in user code or in the kernel; it waited for
 * a processor; it was held in the middle of an event loop turn, doing nothing; the rest it idled.
 */
export function partsOf({ user, system, runDelay, eventLoopUtilization }) {
  const waiting = runDelay ?? 0
  const held = Math.max((eventLoopUtilization ?? 0) - user - system - waiting, 0)
  return { user, system, waiting, held, rest: Math.max(1 - user - system - waiting - held, 0) }
}

/** The parts as a bar of `width` columns. */
export function bar(sample, width, glyphs) {
  const parts = Object.entries(partsOf(sample))
  const total = parts.reduce((sum, [, share]) => sum + share, 0)
  let sum = 0
  let drawn = 0
  return parts.map(([part, share]) => {
    sum += share
    const end = Math.round((sum / total) * width)
    const text = glyphs[part].repeat(end - drawn)
    drawn = end
    return span(text, PART_STYLES[part])
  })
}

/** CPU over the last looks, coloured by the verdict of each. */
export function strip(history, width, glyphs) {
  const last = history.slice(-width)
  const steps = last.map(({ cpu, verdict }) => {
    const step = Math.min(Math.floor(cpu * glyphs.steps.length), glyphs.steps.length - 1)
    return span(glyphs.steps[step], VERDICT_STYLES[verdict])
  })
  return [span(' '.repeat(width - last.length)), ...steps]
}

/** What the parts of the bar mean. */
export function legend(glyphs) {
  const entry = (part, meaning) => [
    span(glyphs[part], PART_STYLES[part]),
    span(` ${meaning}  `, 'dim'),
  ]
  return [
    ...entry('user', 'user'),
    ...entry('system', 'system'),
    ...entry('waiting', 'waits for a processor'),
    ...entry('held', 'held in a call'),
    ...entry('rest', 'idle'),
  ]
}
