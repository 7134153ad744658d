import type { GarbageCollection, GcProfile } from '../../diagnostics/model.js'
import { bytesText, percentText, secondsText } from '../terminal/quantity.js'
import { type Line, pad, type Style, span } from '../terminal/text.js'
import { wrapped } from '../terminal/wrap.js'

const KIND_WIDTH = 22
const COUNT_WIDTH = 6
const WIDTH = 10
const MS = 1000
// A request waits for as long: worth a look.
const LONG_MS = 50

interface Sums {
  readonly kind: string
  readonly count: number
  readonly pause: number
  readonly longest: number
  readonly freed: number
}

const freedBy = ({ heapUsedBefore, heapUsedAfter }: GarbageCollection): number =>
  Math.max(heapUsedBefore - heapUsedAfter, 0)

function sumsOf(kind: string, collections: readonly GarbageCollection[]): Sums {
  const pauses = collections.map(({ pause }) => pause)
  return {
    kind,
    count: collections.length,
    pause: pauses.reduce((sum, pause) => sum + pause, 0),
    longest: pauses.reduce((most, pause) => Math.max(most, pause), 0),
    freed: collections.reduce((sum, collection) => sum + freedBy(collection), 0),
  }
}

const msText = (ms: number): string => (ms < 10 ? `${ms.toFixed(2)} ms` : `${ms.toFixed(0)} ms`)

const right = (text: string, width = WIDTH): string => pad(text, width, 'right')

const pauseStyle = (ms: number): Style => (ms >= LONG_MS ? 'warn' : '')

const HEAD: Line = [
  span(`    ${pad('kind', KIND_WIDTH)}`, 'dim'),
  span(right('count', COUNT_WIDTH), 'dim'),
  span(['pause', 'mean', 'longest', 'freed'].map((title) => right(title)).join(''), 'dim'),
]

function sumsLine({ kind, count, pause, longest, freed }: Sums, style: Style = ''): Line {
  return [
    span(`    ${pad(kind, KIND_WIDTH)}`, style),
    span(right(String(count), COUNT_WIDTH), style),
    span(right(msText(pause)), style),
    span(right(msText(count === 0 ? 0 : pause / count)), style),
    span(right(msText(longest)), pauseStyle(longest) || style),
    span(right(bytesText(freed)), style),
  ]
}

function collectionLine(collection: GarbageCollection, startedAt: number): Line {
  const { kind, startedAt: at, pause, heapUsedBefore, heapUsedAfter } = collection
  const after = `${((at - startedAt) / MS).toFixed(3)} s`
  return [
    span(`    ${right(after)}  `, 'dim'),
    span(pad(kind, KIND_WIDTH)),
    span(right(msText(pause)), pauseStyle(pause)),
    span(`  ${bytesText(heapUsedBefore)} to ${bytesText(heapUsedAfter)}`, 'dim'),
  ]
}

function byKind(collections: readonly GarbageCollection[]): Sums[] {
  const kinds = [...new Set(collections.map(({ kind }) => kind))]
  return kinds
    .map((kind) =>
      sumsOf(
        kind,
        collections.filter((collection) => collection.kind === kind),
      ),
    )
    .sort((a, b) => b.pause - a.pause)
}

const plural = (count: number): string => `${count} collection${count === 1 ? '' : 's'}`

interface GcTextOptions {
  /** Each collection, too. */
  readonly list: boolean
  /** Columns. */
  readonly width: number
}

/** What the collections of one thread came to. */
export function gcLines(
  { collections, threadmeter: details }: GcProfile,
  { list, width }: GcTextOptions,
): Line[] {
  const { thread, window } = details
  const all = sumsOf('all', collections)
  const share = percentText(all.pause / MS / window.seconds)
  const [first, last] = [collections[0], collections.at(-1)]
  const heap =
    first === undefined || last === undefined
      ? ''
      : `; heap ${bytesText(first.heapUsedBefore)} to ${bytesText(last.heapUsedAfter)}`
  const figures: Line = [
    span(thread.name, 'strong'),
    span(`  thread ${thread.threadId}, tid ${thread.tid ?? '?'}  `, 'dim'),
    span(`${plural(all.count)} in ${secondsText(window.seconds)}`),
    span(all.count === 0 ? '' : `, stood still for ${msText(all.pause)} (${share})${heap}`),
  ]
  const head = wrapped(figures, width)
  if (all.count === 0) return head
  const kinds = byKind(collections)
  const each = list ? collections.map((one) => collectionLine(one, window.startedAt)) : []
  return [
    ...head,
    HEAD,
    ...kinds.map((sums) => sumsLine(sums)),
    ...(kinds.length > 1 ? [sumsLine(all, 'strong')] : []),
    ...each,
  ]
}
