// Text in a terminal: how many columns it takes, fitted to a width, with or without colours.
//
// A line is an array of spans, { text, style }: cut to a width first, coloured last, so that no escape
// sequence is ever counted or cut in half.

const STYLES = {
  strong: '1',
  dim: '2',
  good: '32',
  cool: '36',
  warn: '33',
  bad: '31',
  badStrong: '1;31',
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

// A thread may be given any name, also one with an escape sequence in it.
const CONTROL = /\p{Cc}/gu
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]+$/u
// East Asian Wide and Fullwidth (UAX #11), and emoji, which terminals draw two columns wide.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u

const columnsOf = (grapheme) => (ZERO_WIDTH.test(grapheme) ? 0 : WIDE.test(grapheme) ? 2 : 1)

/** A piece of a line. */
export const span = (text, style = '') => ({ text, style })

/** The columns that a text takes in a terminal. */
export function widthOf(text) {
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += columnsOf(segment)
  return width
}

/** As much of `text` as fits; what is cut shows as `…`. */
export function cut(text, width, mark = '…') {
  const clean = text.replace(CONTROL, '\ufffd')
  if (widthOf(clean) <= width) return clean
  let kept = ''
  let room = width - widthOf(mark)
  if (room < 0) return ''
  for (const { segment } of graphemes.segment(clean)) {
    room -= columnsOf(segment)
    if (room < 0) break
    kept += segment
  }
  return kept + mark
}

/** Exactly `width` columns: cut or filled with blanks. */
export function pad(text, width, align = 'left') {
  const kept = cut(text, width)
  const blanks = ' '.repeat(Math.max(width - widthOf(kept), 0))
  return align === 'right' ? blanks + kept : kept + blanks
}

/** The words of `text` in lines of at most `width` columns. */
export function wrap(text, width) {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1]
    const joined = last === '' ? word : `${last} ${word}`
    if (last === '' || widthOf(joined) <= width) lines[lines.length - 1] = joined
    else lines.push(word)
  }
  return lines
}

/** A line of spans as one string, never wider than `width`. */
export function paint(spans, width, colours) {
  let room = width
  let line = ''
  for (const { text, style } of spans) {
    if (room <= 0) break
    const kept = cut(text, room)
    room -= widthOf(kept)
    const code = colours && kept !== '' ? STYLES[style] : undefined
    line += code === undefined ? kept : `\x1b[${code}m${kept}\x1b[0m`
  }
  return line
}

/** `left` and `right` at the two ends of a line; `right` is left out where there is no room. */
export function spread(left, right, width) {
  const widthOfAll = (spans) => spans.reduce((sum, { text }) => sum + widthOf(text), 0)
  const gap = width - widthOfAll(left) - widthOfAll(right)
  return gap < 1 ? left : [...left, span(' '.repeat(gap)), ...right]
}
