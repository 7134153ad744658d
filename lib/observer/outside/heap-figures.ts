/** Of one V8 heap, in bytes. */
export interface HeapFigures {
  used: number
  total: number
}

/** A meter file as far as its values are read here. */
export interface MeterValues {
  readonly families?: ReadonlyMap<number, { readonly name: string }>
  readonly series?: ReadonlyMap<number, { readonly family: number; readonly index: number }>
  readonly values?: Float64Array
  /** Changes when anything but values did. */
  readonly revision?: number
}

// By either name: that of its own thread, or that which other clients of Prometheus give.
const NAMES = {
  used: ['nodejs_thread_heap_used_bytes', 'nodejs_heap_size_used_bytes'],
  total: ['nodejs_thread_heap_total_bytes', 'nodejs_heap_size_total_bytes'],
} as const

type Places = Record<keyof typeof NAMES, number>

const found = new WeakMap<object, { revision: number | undefined; places: Places | undefined }>()

function placeOf({ families, series }: MeterValues, names: readonly string[]): number {
  for (const { family, index } of series?.values() ?? []) {
    if (names.includes(families?.get(family)?.name ?? '')) return index
  }
  return -1
}

function placesIn(meter: MeterValues): Places | undefined {
  const places = { used: placeOf(meter, NAMES.used), total: placeOf(meter, NAMES.total) }
  return Object.values(places).includes(-1) ? undefined : places
}

/** The heap figures that a thread keeps in its meter file; null when it keeps none. */
export function heapFigures(meter: MeterValues | undefined): HeapFigures | null {
  if (meter?.values === undefined) return null
  let known = found.get(meter)
  if (known === undefined || known.revision !== meter.revision) {
    known = { revision: meter.revision, places: placesIn(meter) }
    found.set(meter, known)
  }
  const { places } = known
  if (places === undefined) return null
  const [used, total] = [meter.values[places.used], meter.values[places.total]]
  return used === undefined || total === undefined ? null : { used, total }
}
