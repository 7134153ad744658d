import { join } from 'node:path'
import type { SeriesStore } from '../../dist/meter/model.js'
import { MeterReader } from '../../dist/meter/reader.js'
import { MeterWriter } from '../../dist/meter/writer.js'
import { type MapSegment, MeterFile, SMALL } from '../../dist/meter/writer-file.js'
import { native } from '../../dist/native.js'

export const mapSegment = native?.mapSegment as MapSegment

/** A writer with a file of its own, which is live but bound to no thread. */
export function writerIn(
  directory: string,
  map: MapSegment = mapSegment,
  onGarbage?: () => void,
): MeterWriter {
  const path = join(directory, '1-2-3-4.meter')
  const file = MeterFile.create(path, map, { pid: process.pid, label: 'main' }, SMALL)
  file.setState(1)
  return new MeterWriter(file, onGarbage)
}

const sliceOf = ({ values }: MeterReader, index: number, slots: number): number[] => [
  ...values.subarray(index, index + slots),
]

/** As SERIES in fixtures/all-records.mjs. */
export function seriesOf(reader: MeterReader): unknown[] {
  return [...reader.series.values()].map(({ family, labels, index, slots, pages }) => [
    reader.families.get(family)?.name,
    labels,
    sliceOf(reader, index, slots),
    [...pages.keys()],
  ])
}

/** All that can be wrong in what a reader shows of a file that it took for sound. */
export function faultsOf({ series, families, values }: MeterReader): string[] {
  const faults: string[] = []
  const owners = new Map<number, number>()
  for (const { id, family, labels, index, slots, pages, exemplars } of series.values()) {
    if (labels.length !== families.get(family)?.labelNames.length) faults.push(`labels of ${id}`)
    const runs = [
      { index, slots },
      ...pages.values(),
      ...(exemplars === undefined ? [] : [exemplars]),
    ]
    for (const run of runs) {
      if (!(run.slots > 0 && run.index >= 0 && run.index + run.slots <= values.length)) {
        faults.push(`slots of ${id}`)
      }
      for (let slot = run.index; slot < run.index + run.slots; slot++) {
        if (owners.has(slot)) faults.push(`slot ${slot} of ${owners.get(slot)} and ${id}`)
        owners.set(slot, id)
      }
    }
  }
  return faults
}

/** Opens a file, hands its reader over and closes it. */
export function reading<T>(path: string, look: (reader: MeterReader) => T): T {
  const reader = MeterReader.open(path)
  try {
    return look(reader)
  } finally {
    reader.close()
  }
}

export const description = (name: string, labelNames: string[] = []) => ({
  name,
  help: '',
  type: 'counter' as const,
  aggregator: 'sum' as const,
  labelNames,
  parameters: [],
  perProcess: false,
})

/** Adds `count` series, each of one slot that holds its number. */
export function addSeries(store: SeriesStore, family: number, count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, i) => {
    const { id, values, index } = store.series(family, [`value ${from + i}`], 1)
    values[index] = from + i
    return id
  })
}
