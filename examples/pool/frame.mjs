// The whole screen, as lines: the process, the story, the threads.
import { legend } from './bar.mjs'
import { table } from './table.mjs'
import { paint, span, spread, wrap } from './text.mjs'

const seconds = (micros) => (micros / 1e6).toFixed(1)
const milliseconds = (value) => (value === null ? 'none' : `95 % within ${value.toFixed(0)} ms`)

function nowLine({ coresUsed, processors }, { perSecond, p95 }) {
  return [
    span('now      ', 'dim'),
    span(coresUsed.toFixed(2), 'strong'),
    span(` of ${processors} processors,  `),
    span(perSecond.toFixed(0), 'strong'),
    span(' requests/s: '),
    span(milliseconds(p95), 'strong'),
  ]
}

/** Where the CPU time of the process went since it started: the parts add up to the total. */
function sumLine({ parts }) {
  if (parts === null) return [span('so far   ', 'dim'), span('not known: /proc cannot be used')]
  const terms = ['main', 'workers', 'helpers', 'exited'].map(
    (part) => `${part} ${seconds(parts[part])}`,
  )
  return [
    span('so far   ', 'dim'),
    span(`${seconds(parts.total)} s`, 'strong'),
    span(` of CPU = ${terms.join(' + ')}`),
  ]
}

/** What holds for the process as a whole. */
export const headLines = ({ process, service }) => [
  nowLine(process, service),
  sumLine(process),
  [span('metrics  ', 'dim'), span(`curl ${service.url}`, 'cool')],
]

const indented = (spans) => [span(' '), ...spans]

function titleLine({ title, remaining }, { width, stopKey }) {
  const left = remaining === null ? '' : `${remaining} s left, `
  return spread(
    [span(' threadmeter  ', 'strong'), span(title, 'dim')],
    [span(`${left}${stopKey} stops `, 'dim')],
    width,
  )
}

/** The phase of the story, as many lines for each so that nothing below moves. */
function storyLines({ index, title, text, texts }, width) {
  const room = Math.max(...texts.map((each) => wrap(each, width - 2).length))
  const lines = wrap(text, width - 2).map((line) => [span(` ${line}`)])
  return [
    [span(` ${index + 1}/${texts.length}  `, 'cool'), span(title, 'strong')],
    ...Array.from({ length: room }, (_, at) => lines[at] ?? []),
  ]
}

/** The screen as strings: at most `height` lines of at most `width` columns. */
export function frame(view, { width, height, stopKey, colours, glyphs }) {
  const blank = [[]]
  const above = [titleLine(view, { width, stopKey }), ...headLines(view).map(indented)]
  const story = [...blank, ...storyLines(view.phase, width), ...blank]
  const key = [indented(legend(glyphs))]

  // The table is what it is about: where there is no room for all, the rest makes way.
  const least = Math.min(view.threads.length, 10) + 1
  let top = [...above, ...story, ...key]
  if (top.length + least > height) top = [...above, ...key]
  if (top.length + least > height) top = []
  return [
    ...top,
    ...table(view.threads, { width: width - 1, height: height - top.length, glyphs }).map(indented),
  ]
    .slice(0, height)
    .map((spans) => paint(spans, width, colours))
}
