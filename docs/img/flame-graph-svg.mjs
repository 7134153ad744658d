// Draws the upper rows of a flame graph as an SVG, in the colours and with the layout of the page; the
// picture of the documentation is made with it:
//
//   npx threadmeter profile <pid> --format cpuprofile --output busy.cpuprofile
//   node docs/img/flame-graph-svg.mjs busy.cpuprofile > docs/img/flame-graph.svg
import { readFileSync } from 'node:fs'
import { toFormat } from '../../dist/diagnostics/formats/convert.js'
import { ROW_HEIGHT, visibleBoxes } from '../../dist/diagnostics/formats/flame-graph/page/layout.js'
import * as tree from '../../dist/diagnostics/formats/flame-graph/page/tree.js'
import { percentText } from '../../dist/diagnostics/formats/flame-graph/page/units.js'
import { STYLE } from '../../dist/diagnostics/formats/flame-graph/style.js'

const WIDTH = 1000
const ROWS = 24
const MARGIN = 12
const LEGEND = 30
const COLUMN = 7.2
const NARROWEST = 2

const escaped = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

const [light, dark] = [...STYLE.matchAll(/:root\{([^}]*)\}/g)].map(([, colours]) => colours)

/** As much of a text as there are columns for. */
function fitted(text, columns) {
  if (text.length <= columns) return text
  return columns < 3 ? '' : `${text.slice(0, columns - 1)}…`
}

function box(whole, { node, x, y, width }) {
  const frame = whole.frame[node]
  const colour = node === 0 ? 'whole' : tree.groupOf(whole, frame).colour
  const label = fitted(tree.titleOf(whole, node), Math.floor((width - 8) / COLUMN))
  const left = (MARGIN + x).toFixed(1)
  const top = LEGEND + MARGIN + y
  const area = `<rect x="${left}" y="${top}" width="${(width - 1).toFixed(1)}" height="${ROW_HEIGHT - 1}" fill="var(--${colour})"/>`
  if (label === '') return area
  const length = (label.length * COLUMN).toFixed(1)
  return `${area}<text x="${(MARGIN + x + 4).toFixed(1)}" y="${top + 14}" textLength="${length}">${escaped(label)}</text>`
}

/** The colours with the shares of what was not idle. */
function legend(whole) {
  const { groups } = whole.data
  const sums = groups.map(() => 0)
  for (let node = 1; node < whole.size; node++) {
    sums[whole.data.frames.group[whole.frame[node]]] += whole.self[node]
  }
  let x = MARGIN
  const heaviestFirst = [...groups.keys()].sort((one, other) => sums[other] - sums[one])
  return heaviestFirst.flatMap((group) => {
    const { label, colour } = groups[group]
    const text = `${label} ${percentText(sums[group] / whole.total[0])}`
    const left = x
    x += text.length * COLUMN + 34
    if (sums[group] === 0 || x > WIDTH) return []
    return [
      `<rect x="${left}" y="${MARGIN}" width="12" height="12" rx="3" fill="var(--${colour})"/>`,
      `<text class="key" x="${left + 18}" y="${MARGIN + 10}" textLength="${(text.length * COLUMN).toFixed(1)}">${escaped(text)}</text>`,
    ]
  })
}

const html = toFormat(JSON.parse(readFileSync(process.argv[2], 'utf8')), 'html')
const [, data] = /id="data">(.*?)<\/script>/s.exec(html)
const whole = tree.readTree(JSON.parse(data))
tree.weigh(whole, false)
const height = ROWS * ROW_HEIGHT
const view = {
  tree: whole,
  root: 0,
  width: WIDTH - 2 * MARGIN,
  height,
  scrollTop: 0,
  isIcicle: true,
}
const boxes = visibleBoxes(view, whole.deepest + 1).filter(
  ({ y, width }) => width >= NARROWEST && y >= 0 && y < height,
)
const full = height + LEGEND + 2 * MARGIN

console.log(
  [
    `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 ${WIDTH} ${full}" width="${WIDTH}" height="${full}">`,
    `<style>:root{${light}}@media (prefers-color-scheme:dark){:root{${dark}}}`,
    `text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:var(--on-frame)}.key{fill:var(--text)}</style>`,
    `<rect width="${WIDTH}" height="${full}" rx="8" fill="var(--panel)"/>`,
    ...legend(whole),
    ...boxes.map((each) => box(whole, each)),
    '</svg>',
  ].join('\n'),
)
