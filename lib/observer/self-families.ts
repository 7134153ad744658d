import { getSystemErrorName } from 'node:util'
import type { MeterHeader } from '../meter/layout-header.js'
import type { FamilyDescription } from '../meter/model.js'
import { FamilyRows } from './outside/family-rows.js'
import type { OutsideFamily } from './outside/index.js'
import type { Tallies } from './tallies.js'

/** What the observer knows of its own work at one collection. */
export interface Work {
  readonly tallies: Tallies
  /** Whether there is a runtime directory to read meter files from. */
  readonly hasDirectory: boolean
  /** Headers of meter files. */
  readonly live: readonly MeterHeader[]
  readonly ended: number
  /** Things that are wrong, by reason. */
  readonly problems: Iterable<readonly [reason: string, count: number]>
  /** Processes that cannot be seen from here. */
  readonly hidden: number
}

const rows = (
  type: FamilyDescription['type'],
  name: string,
  help: string,
  labelNames: readonly string[] = [],
): FamilyRows =>
  new FamilyRows({ name: `threadmeter_${name}`, help, type, aggregator: 'sum', labelNames })

/** Why series of a thread are not in its file. */
const storeError = ({ error }: MeterHeader): string =>
  error === 0 ? 'unknown' : getSystemErrorName(-error)

/** The families `threadmeter_*`, about the observer itself. */
export class SelfFamilies {
  #restarts = rows(
    'counter',
    'observer_restarts_total',
    'How often the thread of the observer was started again after it had failed.',
  )
  #collections = rows('counter', 'collections_total', 'Collections of all figures.')
  #seconds = rows(
    'counter',
    'collection_seconds_total',
    'Time that collecting and rendering took, in the thread of the observer.',
  )
  #errors = rows('counter', 'collection_errors_total', 'Steps of a collection that failed.')
  #folded = rows(
    'counter',
    'folded_threads_total',
    'Ended threads whose counters this observer added to the totals, and whose files it removed.',
  )
  #directory = rows(
    'gauge',
    'runtime_directory_available',
    'Whether there is a directory in which threads can keep their metrics.',
  )
  #files = rows('gauge', 'meter_files', 'Meter files of threads, by state.', ['state'])
  #problems = rows(
    'gauge',
    'problems',
    'Meter files and metrics that do not count as they should, by reason.',
    ['reason'],
  )
  #unstored = rows(
    'gauge',
    'unstored_series',
    'Series that only their own thread knows, by the error for which they are not in its file.',
    ['error'],
  )
  #hidden = rows('gauge', 'hidden_processes', 'Processes of the service that cannot be read here.')

  readonly #all = [
    this.#restarts,
    this.#collections,
    this.#seconds,
    this.#errors,
    this.#folded,
    this.#directory,
    this.#files,
    this.#problems,
    this.#unstored,
    this.#hidden,
  ]

  update(work: Work): readonly OutsideFamily[] {
    const { tallies } = work
    for (const family of this.#all) family.begin()
    this.#restarts.set(null, [], tallies.get('restarts'))
    this.#collections.set(null, [], tallies.get('collections'))
    this.#seconds.set(null, [], tallies.get('collectionSeconds'))
    this.#errors.set(null, [], tallies.get('collectionErrors'))
    this.#folded.set(null, [], tallies.get('folded'))
    this.#directory.set(null, [], work.hasDirectory ? 1 : 0)
    this.#files.set(null, ['live'], work.live.length)
    this.#files.set(null, ['ended'], work.ended)
    this.#hidden.set(null, [], work.hidden)
    for (const [reason, count] of work.problems) this.#problems.set(null, [reason], count)
    for (const [error, count] of unstored(work.live)) this.#unstored.set(null, [error], count)
    for (const family of this.#all) family.end()
    return this.#all
  }
}

function unstored(headers: readonly MeterHeader[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const header of headers) {
    if (header.unstored === 0) continue
    const error = storeError(header)
    counts.set(error, (counts.get(error) ?? 0) + header.unstored)
  }
  return counts
}
