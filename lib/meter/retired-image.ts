import { blockSlots } from './exemplar-slots.js'
import { KIND, STATE } from './layout.js'
import { ownProcess } from './liveness.js'
import { keyOfSeries, type MergeSource, type SeriesIdentity } from './merge-source.js'
import type { Family, Row } from './merged.js'
import type { FamilyDescription, Slots } from './model.js'
import type { MeterReader, ReadSeries } from './reader.js'
import { MeterImage } from './records-image.js'

/**
 * The file of the totals holds series of many threads. What a thread's file says once, its default labels
 * and the number of its process, is there among the labels of each series, under names that no label can
 * have: `:` and the name of a default label, `::` for the process. Series with other label names have
 * a family of their own there, of the same name.
 */
const DEFAULT = ':'
const PROCESS = '::'

const isOwn = (name: string): boolean => !name.startsWith(DEFAULT)

const namesOf = ({ labels, defaults, process }: SeriesIdentity): string[] => [
  ...labels.map(([name]) => name),
  ...defaults.map(([name]) => DEFAULT + name),
  ...(process === null ? [] : [PROCESS]),
]

const valuesOf = ({ labels, defaults, process }: SeriesIdentity): string[] => [
  ...labels.map(([, value]) => value),
  ...defaults.map(([, value]) => value),
  ...(process === null ? [] : [String(process)]),
]

function copy(from: Slots, slots: number, to: Slots): void {
  to.values.set(from.values.subarray(from.index, from.index + slots), to.index)
}

function writeSeries(image: MeterImage, family: number, series: Row): void {
  const stored = image.series(family, valuesOf(series.identity), series.slots)
  copy(series, series.slots, stored)
  for (const [number, page] of series.pages) {
    copy(page, page.values.length, image.sketchPage(stored.id, number, page.values.length))
  }
  if (series.exemplars === undefined) return
  const slots = blockSlots(series.exemplars)
  copy(series.exemplars, slots, image.exemplars(stored.id, slots))
}

function writeFamily(image: MeterImage, { description, series }: Family): void {
  const written = new Map<string, number>()
  for (const one of series) {
    const labelNames = namesOf(one.identity)
    const key = JSON.stringify(labelNames)
    let family = written.get(key)
    if (family === undefined) {
      family = image.family({ ...description, labelNames })
      written.set(key, family)
    }
    writeSeries(image, family, one)
  }
}

/** The totals of ended threads as a file; `folded` names the files that are in it. */
export function retiredImage(families: Iterable<Family>, folded: Iterable<string>): Buffer {
  const { pid, processStart, pidNamespace } = ownProcess()
  const image = new MeterImage({
    state: STATE.live,
    kind: KIND.retired,
    pid,
    processStart,
    pidNamespace,
    createdAt: Date.now(),
  })
  for (const name of folded) image.folded(name)
  for (const family of families) writeFamily(image, family)
  return image.toBuffer()
}

/** The file of the totals, read again. */
export class RetiredSource implements MergeSource {
  readonly votes = false
  readonly hasEnded = true
  readonly figures: MeterReader

  constructor(figures: MeterReader) {
    this.figures = figures
  }

  describe(stored: FamilyDescription): FamilyDescription {
    return { ...stored, labelNames: stored.labelNames.filter(isOwn) }
  }

  keyOf(series: ReadSeries): string {
    return keyOfSeries(this.identify(series))
  }

  identify({ labels, family }: ReadSeries): SeriesIdentity {
    const names = this.figures.families.get(family)?.labelNames ?? []
    const own: [string, string][] = []
    const defaults: [string, string][] = []
    let process: number | null = null
    for (const [i, name] of names.entries()) {
      const value = labels[i]
      if (value === undefined) continue
      if (isOwn(name)) own.push([name, value])
      else if (name === PROCESS) process = Number(value)
      else defaults.push([name.slice(DEFAULT.length), value])
    }
    return { labels: own, defaults, process }
  }
}
