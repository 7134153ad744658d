import { seriesRecordBytes, stringRecordBytes } from './records.js'

/** What the file had no room for. */
export interface Missing {
  runs: number
  slots: number
  /** Of records. */
  bytes: number
}

export const nothing = (): Missing => ({ runs: 0, slots: 0, bytes: 0 })

export function add(to: Missing, { runs, slots, bytes }: Missing): void {
  to.runs += runs
  to.slots += slots
  to.bytes += bytes
}

export function subtract(from: Missing, { runs, slots, bytes }: Missing): void {
  from.runs -= runs
  from.slots -= slots
  from.bytes -= bytes
}

/** What a series lacks of which nothing could be stored. */
export function missingSeries(labels: readonly (string | undefined)[], slots: number): Missing {
  let bytes = seriesRecordBytes(labels.length)
  for (const label of labels) bytes += stringRecordBytes(Buffer.byteLength(label ?? ''))
  return { runs: 1, slots, bytes }
}
