// Draws captured terminal screens as an SVG that shows one after the other; the pictures of the README
// are made with it, on a machine that does nothing else:
//
//   tmux new-session -d -s show -x 108 -y 36 'node examples/pool/main.mjs'
//   sleep 5; tmux capture-pane -p -e -t show > 1.ansi      (and so on, a file for each screen)
//   node docs/img/terminal-svg.mjs 1.ansi 2.ansi > docs/img/pool.svg
import { readFileSync } from 'node:fs'

const CELL = { width: 8, height: 17 }
const MARGIN = 14
const SECONDS_EACH = 5

const COLOURS = { 31: 'red', 32: 'green', 33: 'yellow', 36: 'cyan' }
const STYLE = `
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #d0d7de; white-space: pre }
.strong { font-weight: bold } .dim { opacity: .55 }
.red { fill: #ff7b72 } .green { fill: #56d364 } .yellow { fill: #e3b341 } .cyan { fill: #76e3ea }`

const escaped = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

/** The look that an SGR sequence leads to (ECMA-48 8.3.117), as far as the example uses it. */
function restyled(look, codes) {
  for (const code of codes.split(';').map(Number)) {
    if (code === 0) look = { weight: '', colour: '' }
    else if (code === 1) look = { ...look, weight: 'strong' }
    else if (code === 2) look = { ...look, weight: 'dim' }
    else if (code === 39) look = { ...look, colour: '' }
    else if (COLOURS[code]) look = { ...look, colour: COLOURS[code] }
  }
  return look
}

/** A screen as runs of one look: { row, column, text, look }. */
function runsOf(ansi) {
  const runs = []
  let look = { weight: '', colour: '' }
  for (const [row, line] of ansi.trimEnd().split('\n').entries()) {
    let column = 0
    // Split at the sequences: every other part is the codes of one.
    for (const [at, part] of line.split(new RegExp(`${'\x1b'}\\[([\\d;]*)m`)).entries()) {
      if (at % 2 === 1) {
        look = restyled(look, part)
      } else {
        if (part.trim() !== '') runs.push({ row, column, text: part, look })
        column += [...part].length
      }
    }
  }
  return runs
}

function drawn({ row, column, text, look }) {
  const lead = text.length - text.trimStart().length
  const shown = text.trim()
  const x = MARGIN + (column + lead) * CELL.width
  const y = MARGIN + (row + 1) * CELL.height - 4
  const names = `${look.weight} ${look.colour}`.trim()
  // The length is given: fonts differ in the width of a cell, and in that of block elements.
  const length = [...shown].length * CELL.width
  return `<text x="${x}" y="${y}" textLength="${length}"${names && ` class="${names}"`}>${escaped(shown)}</text>`
}

/** Keyframes that show each of `count` screens for its part of the time. */
function animation(count) {
  const part = 100 / count
  const screens = Array.from(
    { length: count },
    (_, at) => `.screen:nth-of-type(${at + 1}) { animation-delay: ${at * SECONDS_EACH}s }`,
  )
  return `
.screen { visibility: hidden; animation: turn ${count * SECONDS_EACH}s step-end infinite }
@keyframes turn { 0% { visibility: visible } ${part}% { visibility: hidden } }
${screens.join('\n')}
@media (prefers-reduced-motion: reduce) { .screen { animation: none } .screen:nth-of-type(2) { visibility: visible } }`
}

const screens = process.argv.slice(2).map((path) => runsOf(readFileSync(path, 'utf8')))
const all = screens.flat()
const columns = Math.max(...all.map(({ column, text }) => column + text.trimEnd().length))
const width = columns * CELL.width + 2 * MARGIN
const height = (Math.max(...all.map(({ row }) => row)) + 1) * CELL.height + 2 * MARGIN

console.log(
  [
    `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<style>${STYLE}${screens.length > 1 ? animation(screens.length) : ''}</style>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    ...screens.map((runs) => `<g class="screen">\n${runs.map(drawn).join('\n')}\n</g>`),
    '</svg>',
  ].join('\n'),
)
