import {
  type ExpositionFormat,
  SeriesTexts,
  type ShownSeries,
  writeFamilies,
} from '../exposition/index.js'
import { joinDirectory } from '../meter/directory.js'
import { type MergedSeries, MeterService } from '../meter/service.js'
import { attachThread } from '../meter/thread.js'

const PROCESS_LABEL = 'process'

let service: MeterService | undefined
let texts = new SeriesTexts()
let tellsProcesses = false

let attach: () => void = attachThread

/** What lets a thread take part in a service, where that is more than to have a meter file. */
export function attachWith(report: () => void): void {
  attach = report
}

/** Joins the service's runtime directory, or makes it: processes started from now on share it. */
export function joinService(): void {
  joinDirectory()
  attach()
}

/** What is about a process says which, from the second process on. */
function tellApart({ meters }: MeterService): void {
  if (tellsProcesses || new Set(meters.map(({ header }) => header.processSlot)).size < 2) return
  tellsProcesses = true
  texts = new SeriesTexts((series: ShownSeries) => {
    const { labels, defaults, process } = series as MergedSeries
    if (process === null) return { labels, defaults }
    return { labels: [...labels, [PROCESS_LABEL, `${process}`] as const], defaults }
  })
}

/**
 * The metrics of all threads of all processes of the service, merged, as they stand in the meter files;
 * undefined where there are none, since no runtime directory can be had.
 */
export function clusterText(format: ExpositionFormat): string | undefined {
  const directory = joinDirectory()
  if (!directory.available) return undefined
  if (service?.dir !== directory.path) {
    service?.close()
    service = new MeterService(directory.path)
  }
  service.refresh()
  tellApart(service)
  const pieces: string[] = []
  writeFamilies(service.merged(), format, { write: (text) => pieces.push(text) }, texts)
  return pieces.join('')
}
