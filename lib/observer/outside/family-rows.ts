import type { FamilyDescription } from '../../meter/model.js'

/** One series of a family. The object stays the same from one collection to the next. */
export interface OutsideSeries {
  readonly labels: readonly (readonly [name: string, value: string])[]
  readonly values: Float64Array
  readonly index: number
}

/** One family of figures that were read from outside. */
export interface OutsideFamily {
  readonly description: FamilyDescription
  readonly series: readonly OutsideSeries[]
}

interface Kept extends OutsideSeries {
  /** The collection that set it last. */
  collection: number
}

/** The label that tells processes apart, where there are several. */
export const PROCESS_LABEL = 'process'

/** The series of one family, whose objects are kept as long as they are set. */
export class FamilyRows implements OutsideFamily {
  readonly description: FamilyDescription
  series: OutsideSeries[] = []

  #kept = new Map<string, Kept>()
  #collection = 0

  constructor(
    family: Pick<FamilyDescription, 'name' | 'help' | 'type' | 'aggregator' | 'labelNames'>,
  ) {
    this.description = { ...family, parameters: [], perProcess: true }
  }

  begin(): void {
    this.#collection++
    this.series = []
  }

  /** Shows a value; NaN is not known, and not shown. Label values in the order of the label names. */
  set(slot: number | null, labels: readonly string[], value: number): void {
    if (Number.isNaN(value)) return
    const key = `${slot} ${labels.join('\0')}`
    let kept = this.#kept.get(key)
    if (kept === undefined) {
      kept = this.#make(slot, labels)
      this.#kept.set(key, kept)
    }
    kept.collection = this.#collection
    const before = kept.values[0] as number
    // Another observer, whose counters are gone on with, may have seen less of a thread that was killed.
    kept.values[0] = this.description.type === 'counter' ? Math.max(value, before) : value
    this.series.push(kept)
  }

  end(): void {
    if (this.#kept.size === this.series.length) return
    for (const [key, kept] of this.#kept) {
      if (kept.collection !== this.#collection) this.#kept.delete(key)
    }
  }

  #make(slot: number | null, values: readonly string[]): Kept {
    const { labelNames } = this.description
    const labels = labelNames.map((name, place) => [name, values[place] as string] as const)
    const process = slot === null ? [] : [[PROCESS_LABEL, String(slot)] as const]
    return { labels: [...labels, ...process], values: new Float64Array(1), index: 0, collection: 0 }
  }
}
