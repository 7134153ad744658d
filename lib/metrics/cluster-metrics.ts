import { type ExpositionFormat, renderFamilies, type ShownSeries } from '../exposition/index.js'
import { joinDirectory } from '../meter/directory.js'
import { type MergedSeries, MeterService } from '../meter/service.js'
import { attachThread } from '../meter/thread.js'

const PROCESS_LABEL = 'process'

let service: MeterService | undefined
const shown = new WeakMap<MergedSeries, ShownSeries>()

/** Joins the service's runtime directory, or makes it: processes started from now on share it. */
export function joinService(): void {
  joinDirectory()
  attachThread()
}

/** What is about a process says which. */
function shownOf(series: MergedSeries): ShownSeries {
  const { process } = series
  if (process === null) return series
  let own = shown.get(series)
  if (own === undefined) {
    const labels = [...series.labels, [PROCESS_LABEL, String(process)] as const]
    own = Object.create(series, { labels: { value: labels } }) as ShownSeries
    shown.set(series, own)
  }
  return own
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
  const families = service.merged().map(({ description, series }) => ({
    description,
    series: series.map(shownOf),
  }))
  return renderFamilies(families, format)
}
