/** A piece of a line: its text and how it looks. Lines are cut to a width first and coloured last. */
export interface Span {
  readonly text: string
  readonly style: Style
}

export type Line = readonly Span[]

const STYLES = {
  '': '',
  strong: '1',
  dim: '2',
  good: '32',
  cool: '36',
  warn: '33',
  bad: '31',
  badStrong: '1;31',
  inverse: '7',
} as const

export type Style = keyof typeof STYLES

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

// A thread may be given any name, also one with an escape sequence in it.
const CONTROL = /\p{Cc}/gu
const PLAIN = /^[\x20-\x7e]*$/
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]+$/u
// East Asian Wide and Fullwidth (UAX #11), and emoji, which terminals draw two columns wide.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u

const columnsOf = (grapheme: string): number =>
  ZERO_WIDTH.test(grapheme) ? 0 : WIDE.test(grapheme) ? 2 : 1

export const span = (text: string, style: Style = ''): Span => ({ text, style })

/** The columns that a text takes in a terminal. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += columnsOf(segment)
  return width
}

/** A text without what a terminal would obey. */
export const harmless = (text: string): string => text.replace(CONTROL, '?')

/** The same for a text of several lines. */
export const harmlessLines = (text: string): string => text.split('\n').map(harmless).join('\n')

/** As much of `text` as fits; what is cut shows as `mark`. */
export function cut(text: string, width: number, mark = '~'): string {
  const clean = harmless(text)
  if (widthOf(clean) <= width) return clean
  let room = width - widthOf(mark)
  if (room < 0) return ''
  let kept = ''
  for (const { segment } of graphemes.segment(clean)) {
    room -= columnsOf(segment)
    if (room < 0) break
    kept += segment
  }
  return kept + mark
}

/** Exactly `width` columns: cut or filled with blanks. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const kept = cut(text, width)
  const blanks = ' '.repeat(Math.max(width - widthOf(kept), 0))
  return align === 'right' ? blanks + kept : kept + blanks
}

/** A line as one string, never wider than `width`. */
export function paint(line: Line, width: number, colours: boolean): string {
  let room = width
  let painted = ''
  for (const { text, style } of line) {
    if (room <= 0) break
    const kept = cut(text, room)
    room -= widthOf(kept)
    const code = colours && kept !== '' ? STYLES[style] : ''
    painted += code === '' ? kept : `\x1b[${code}m${kept}\x1b[0m`
  }
  return painted
}

const widthOfLine = (line: Line): number => line.reduce((sum, { text }) => sum + widthOf(text), 0)

/** `left` and `right` at the two ends of a line; `right` is left out where there is no room. */
export function spread(left: Line, right: Line, width: number): Line {
  const gap = width - widthOfLine(left) - widthOfLine(right)
  return gap < 1 ? left : [...left, span(' '.repeat(gap)), ...right]
}
