// The same without a screen: a block of plain lines per look, for pipes, logs and dumb terminals.
import { glyphsFor } from './bar.mjs'
import { headLines } from './frame.mjs'
import { table } from './table.mjs'
import { paint } from './text.mjs'

const WIDTH = 104

/** The view as lines without an escape sequence. */
export function block(view, { elapsed, unicode }) {
  const { index, texts, title, text } = view.phase
  const plain = (spans) => paint(spans, Number.POSITIVE_INFINITY, false).trimEnd()
  const rows = table(view.threads, {
    width: WIDTH,
    height: Number.POSITIVE_INFINITY,
    glyphs: glyphsFor(unicode),
  })
  return [
    `--- ${elapsed.toFixed(0)} s, ${index + 1}/${texts.length}: ${title}`,
    ...(view.phase.isNew ? [text] : []),
    ...headLines(view).map(plain),
    ...rows.map(plain),
    '',
  ]
}
