import type { PageElement } from './dom.js'
import { make } from './elements.js'
import { groupOf, placeOf, type Tree, titleOf } from './tree.js'
import { countText, percentText, weightText } from './units.js'

const share = (tree: Tree, weight: number, whole: number): string =>
  `${weightText(tree.data.unit, weight)}, ${percentText(weight / (tree.total[whole] as number))}`

/** Self and total of a node, each with its share of all. */
export function figuresOf(tree: Tree, node: number): { self: string; total: string } {
  return {
    self: share(tree, tree.self[node] as number, 0),
    total: share(tree, tree.total[node] as number, 0),
  }
}

/** A node in one sentence, for those who hear it. */
export function sentenceOf(tree: Tree, node: number): string {
  const { self, total } = figuresOf(tree, node)
  const place = node === 0 ? '' : placeOf(tree, tree.frame[node] as number)
  const where = place === '' ? '' : `, ${place}`
  return `${titleOf(tree, node)}${where}. Total ${total}. Self ${self}.`
}

/** The lines on which a function was seen most, with their shares. */
function hotLines(tree: Tree, frame: number): string {
  const hot = tree.data.frames.hot[frame] ?? []
  const ticks = tree.data.frames.ticks[frame] as number
  const lines: string[] = []
  for (let at = 0; at < hot.length; at += 2) {
    lines.push(`${hot[at]} (${percentText((hot[at + 1] as number) / ticks)})`)
  }
  return lines.join(', ')
}

/** Name, place and figures of a node, as a description list. */
export function describe(tree: Tree, node: number, root: number): PageElement[] {
  const frame = tree.frame[node] as number
  const { self, total } = figuresOf(tree, node)
  const rows: (readonly [string, string])[] = [
    ['Total', total],
    ...(node === 0 ? [] : [['Self', self] as const]),
  ]
  const isZoomed = root > 0 && (tree.total[root] as number) > 0
  if (isZoomed && node >= root) {
    const ofView = percentText((tree.total[node] as number) / (tree.total[root] as number))
    rows.push(['In view', `${ofView} of ${titleOf(tree, root)}`])
  }
  const samples = tree.data.nodes.samples[node] as number
  if (node > 0 && samples > 0) rows.push(['Innermost in', countText(samples, 'sample', 'samples')])
  const hot = node === 0 ? '' : hotLines(tree, frame)
  if (hot !== '') rows.push(['Hottest lines', hot])
  if (node > 0) rows.push(['Part of', groupOf(tree, frame).label])
  const place = node === 0 ? '' : placeOf(tree, frame)
  return [
    make('div', 'name', titleOf(tree, node)),
    ...(place === '' ? [] : [make('div', 'place', place)]),
    make('dl', '', ...rows.flatMap(([term, text]) => [make('dt', '', term), make('dd', '', text)])),
  ]
}
