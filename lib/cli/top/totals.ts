import { availableParallelism } from 'node:os'
import { VERDICTS } from '../../cpu/verdict.js'
import type { ServiceThread } from '../../observer/outside/index.js'
import { type Line, span } from '../terminal/text.js'
import { VERDICT_STYLES } from './bar.js'

const plural = (count: number, noun: string, many = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : many}`

/** What all threads did together. */
export function totalsLine(threads: readonly ServiceThread[]): Line {
  const processes = new Set(threads.map(({ pid }) => pid)).size
  const count = `${plural(threads.length, 'thread')} in ${plural(processes, 'process', 'processes')}`
  const known = threads.filter(({ cpu }) => cpu !== null)
  if (known.length === 0) return [span(count)]
  const cores = known.reduce((sum, { cpu }) => sum + (cpu ?? 0), 0)
  const verdicts = VERDICTS.map((verdict) => ({
    verdict,
    count: known.filter((thread) => thread.verdict === verdict).length,
  })).filter((each) => each.count > 0)
  return [
    span(`${count}  `),
    span(cores.toFixed(2), 'strong'),
    span(` of ${plural(availableParallelism(), 'processor')}  `),
    ...verdicts.map((each) =>
      span(`${each.count} ${each.verdict}  `, VERDICT_STYLES[each.verdict]),
    ),
  ]
}
