import { gzipSync } from 'node:zlib'
import {
  Exposition,
  type ExpositionFormat,
  type LabelsOf,
  type ShownFamily,
} from '../exposition/index.js'
import type { MergedSeries } from '../meter/service.js'
import type { Wanted } from './negotiation.js'
import { PROCESS_LABEL } from './outside/family-rows.js'
import type { OutsideFamily, ServiceThread } from './outside/index.js'
import type { Shown } from './pages.js'
import { SelfFamilies } from './self-families.js'
import { type Reading, Sources } from './sources.js'
import type { Tallies } from './tallies.js'

// How long a collection is given again, in multiples of the time it took: so whoever asks, and however
// many, no more than a tenth of a processor is spent.
const REUSE = 10

const FOLD_MS = 1000
const MS_PER_SECOND = 1000
const GZIP = { level: 1 }

/** One collection, and what was made of it. */
interface Snapshot {
  readonly reading: Reading
  readonly families: readonly ShownFamily[]
  readonly takenAt: number
  /** ms that it took, rendering included. */
  cost: number
  readonly bodies: Map<string, Buffer>
  threads: string | undefined
}

const isOfProcess = ({ series: [first] }: OutsideFamily): boolean =>
  first?.labels.some(([name]) => name === PROCESS_LABEL) ?? false

/** What is shown of a service: collected when somebody asks, at most as often as it is worth it. */
export class Collection implements Shown {
  readonly #tallies: Tallies
  readonly #sources: Sources
  readonly #self = new SelfFamilies()
  #expositions = new Map<ExpositionFormat, Exposition>()
  #tellsProcesses = false
  #snapshot: Snapshot | undefined
  #folding: NodeJS.Timeout | undefined

  /** @param directory the runtime directory; undefined where there is none */
  constructor(directory: string | undefined, tallies: Tallies) {
    this.#tallies = tallies
    this.#sources = new Sources(directory, () => tallies.add('collectionErrors', 1))
  }

  metrics(wanted: Wanted): Buffer {
    return this.#body(this.#current(), wanted)
  }

  threads(): string {
    const snapshot = this.#current()
    snapshot.threads ??= this.#timed(snapshot, () =>
      JSON.stringify({ takenAt: Date.now(), threads: snapshot.reading.threads }),
    )
    return snapshot.threads
  }

  threadList(): readonly ServiceThread[] {
    return this.#current().reading.threads
  }

  /**
   * Leads at once, so that no other process thinks that nobody does, begins the first window of rates, and
   * folds once a second from now on.
   */
  begin(): void {
    this.#fold()
    this.#current()
    this.#snapshot = undefined
    this.#folding = setInterval(() => this.#fold(), FOLD_MS)
  }

  /** Folds what ended threads left, where no other observer does. */
  #fold(): void {
    this.#tallies.add('folded', this.#sources.fold())
    // It has read all files again: what was collected before is not there any more to be rendered.
    this.#snapshot = undefined
  }

  close(): void {
    clearInterval(this.#folding)
    this.#sources.close()
  }

  #current(): Snapshot {
    const before = this.#snapshot
    const now = performance.now()
    if (before !== undefined && now - before.takenAt < before.cost * REUSE) return before
    const reading = this.#sources.read()
    const families = this.#families(reading)
    const takenAt = performance.now()
    const snapshot: Snapshot = {
      ...{ reading, families, takenAt, cost: 0 },
      ...{ bodies: new Map(), threads: undefined },
    }
    this.#snapshot = snapshot
    this.#spend(snapshot, takenAt - now)
    this.#tallies.add('collections', 1)
    return snapshot
  }

  #spend(snapshot: Snapshot, ms: number): void {
    snapshot.cost += ms
    this.#tallies.add('collectionSeconds', ms / MS_PER_SECOND)
  }

  #timed<T>(snapshot: Snapshot, make: () => T): T {
    const from = performance.now()
    const made = make()
    this.#spend(snapshot, performance.now() - from)
    return made
  }

  /** What is read from outside takes the place of what threads tell by the same name. */
  #families(reading: Reading): ShownFamily[] {
    const self = this.#self.update({ ...reading, tallies: this.#tallies })
    const outside = [...reading.outside, ...self].filter(({ series }) => series.length > 0)
    const names = new Set(outside.map(({ description }) => description.name))
    const told = reading.merged.filter(({ description }) => !names.has(description.name))
    if (!this.#tellsProcesses && tellsProcesses(reading)) this.#tellApart()
    return [...told, ...outside].sort((a, b) =>
      a.description.name < b.description.name ? -1 : 1,
    ) as ShownFamily[]
  }

  /** From the second process on each has its number, also when it is alone again. */
  #tellApart(): void {
    this.#tellsProcesses = true
    this.#expositions = new Map()
  }

  #body(snapshot: Snapshot, { format, gzip }: Wanted): Buffer {
    const key = gzip ? `${format} gzip` : format
    let body = snapshot.bodies.get(key)
    if (body === undefined) {
      body = gzip
        ? this.#compress(snapshot, format)
        : this.#timed(snapshot, () => this.#render(snapshot, format))
      snapshot.bodies.set(key, body)
    }
    return body
  }

  #compress(snapshot: Snapshot, format: ExpositionFormat): Buffer {
    const plain = this.#body(snapshot, { format, gzip: false })
    return this.#timed(snapshot, () => gzipSync(plain, GZIP))
  }

  #render({ families }: Snapshot, format: ExpositionFormat): Buffer {
    let exposition = this.#expositions.get(format)
    if (exposition === undefined) {
      exposition = new Exposition(format, this.#tellsProcesses ? withProcess : undefined)
      this.#expositions.set(format, exposition)
    }
    // A copy: it may be on its way to a client when the next one is made.
    return Buffer.from(exposition.render(families))
  }
}

const withProcess: LabelsOf = (series) => {
  const { labels, defaults, process } = series as MergedSeries
  if (typeof process !== 'number') return series
  return { labels: [...labels, [PROCESS_LABEL, `${process}`] as const], defaults }
}

function tellsProcesses({ outside, live }: Reading): boolean {
  const slots = new Set(live.map(({ processSlot }) => processSlot))
  return slots.size > 1 || outside.some(isOfProcess)
}
