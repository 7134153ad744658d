import { type Line, type Span, span, widthOf } from './text.js'

const INDENT = '    '
// Behind a comma or a semicolon, and between columns: never within a figure, which has blanks as well.
const GAP = /(?<=[,;] )|(?<=\S {2,})(?=\S)/

const piecesOf = ({ text, style }: Span): Span[] =>
  text.split(GAP).map((piece) => span(piece, style))

/** A line of figures as lines that fit into `width`, broken between two figures. */
export function wrapped(line: Line, width: number): Line[] {
  const lines: Span[][] = [[]]
  let used = 0
  for (const piece of line.flatMap(piecesOf)) {
    if (used > INDENT.length && used + widthOf(piece.text.trimEnd()) > width) {
      lines.push([span(INDENT)])
      used = INDENT.length
    }
    lines.at(-1)?.push(piece)
    used += widthOf(piece.text)
  }
  return lines
}
