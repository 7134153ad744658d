import { Exposition, type ExpositionFormat, type LabelsOf } from '../exposition/index.js'
import { joinDirectory } from '../meter/directory.js'
import { type MergedSeries, MeterService } from '../meter/service.js'
import { attachThread } from '../meter/thread.js'

const PROCESS_LABEL = 'process'

let service: MeterService | undefined
let expositions = new Map<ExpositionFormat, Exposition>()
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
  expositions = new Map()
}

const withProcess: LabelsOf = (series) => {
  const { labels, defaults, process } = series as MergedSeries
  if (process === null) return series
  return { labels: [...labels, [PROCESS_LABEL, `${process}`] as const], defaults }
}

function expositionIn(format: ExpositionFormat): Exposition {
  let exposition = expositions.get(format)
  if (exposition === undefined) {
    exposition = new Exposition(format, tellsProcesses ? withProcess : undefined)
    expositions.set(format, exposition)
  }
  return exposition
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
  return expositionIn(format).render(service.merged()).toString()
}
