// The whole screen, as lines: the process above, its threads in the middle, the story below.
import { legend } from './bar.mjs'
import { table } from './table.mjs'
import { paint, span, spread, wrap } from './text.mjs'

const seconds = (micros) => (micros / 1e6).toFixed(1)

/** Where the CPU time of the process went since it started: the parts add up to the total. */
export function processLine({ parts, coresUsed, processors }) {
  const used = [span(coresUsed.toFixed(2), 'strong'), span(` of ${processors} processors`)]
  if (parts === null) return used
  const { main, workers, helpers, exited, total } = parts
  const sum = `main ${seconds(main)} + workers ${seconds(workers)} + helpers ${seconds(helpers)} + exited ${seconds(exited)}`
  return [...used, span(`  ${sum} = `, 'dim'), span(`${seconds(total)} s`)]
}

const milliseconds = (value) => (value === null ? '-' : `${value.toFixed(0)} ms`)

/** What the service does for its clients meanwhile. */
export function serviceLine({ perSecond, p95, url }) {
  return [
    span(perSecond.toFixed(0), 'strong'),
    span(' requests/s, 95 % within '),
    span(milliseconds(p95), 'strong'),
    span(`  ${url}`, 'cool'),
  ]
}

function header(view, width) {
  const { phase } = view
  const when = [
    span(view.remaining === null ? 'until stopped ' : `${view.remaining} s left `, 'dim'),
  ]
  return [
    spread([span(' threadmeter ', 'strong'), span(view.title, 'dim')], when, width),
    [span(' CPU      ', 'dim'), ...processLine(view.process)],
    [span(' service  ', 'dim'), ...serviceLine(view.service)],
    [],
    ...(phase ? [] : []),
  ]
}

function footer(view, { width, glyphs }) {
  const { index, count, title, text } = view.phase
  const dots = Array.from({ length: count }, (_, at) => (at === index ? '●' : '○')).join('')
  return [
    [],
    [span(` ${index + 1}/${count} `, 'dim'), span(title, 'strong'), span(`  ${dots}`, 'cool')],
    ...wrap(text, width - 2).map((line) => [span(` ${line}`)]),
    spread([span(' '), ...legend(glyphs)], [span('q stops ', 'dim')], width),
  ]
}

/** The frame as strings: at most `height` lines of at most `width` columns. */
export function frame(view, { width, height, colours, glyphs }) {
  const top = header(view, width)
  const bottom = footer(view, { width, glyphs })
  // The table is what it is about: where there is no room for all, the story goes first.
  const least = Math.min(view.threads.length + 1, 8)
  const bottomFits = top.length + least + bottom.length <= height
  const room = height - top.length - (bottomFits ? bottom.length : 0)
  const middle = table(view.threads, { width, height: Math.max(room, 0), glyphs })
  const blank = Array(Math.max(room - middle.length, 0)).fill([])
  return [...top, ...middle, ...(bottomFits ? [...blank, ...bottom] : [])]
    .slice(0, height)
    .map((spans) => paint(spans, width, colours))
}
