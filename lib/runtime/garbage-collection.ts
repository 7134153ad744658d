import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'

/** What V8 collected. */
type GarbageCollectionKind = 'major' | 'minor' | 'incremental' | 'weakcb'

const KINDS: ReadonlyMap<number, GarbageCollectionKind> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
])

type Listener = (kind: GarbageCollectionKind, seconds: number) => void

const listeners: Listener[] = []

/** What the types of Node 20 leave out. */
type Collection = PerformanceEntry & { readonly detail: { readonly kind: number } }

function tell(entries: readonly PerformanceEntry[]): void {
  for (const { detail, duration } of entries as Collection[]) {
    const kind = KINDS.get(detail.kind)
    if (kind !== undefined) for (const listener of listeners) listener(kind, duration / 1000)
  }
}

/**
 * Tells of each garbage collection of this thread, once its event loop turns again. Nothing runs while
 * there is none; each costs some 50 µs, most of them Node's own, whoever listens.
 */
export function onGarbageCollection(listener: Listener): void {
  listeners.push(listener)
  if (listeners.length > 1) return
  new PerformanceObserver((list) => tell(list.getEntries())).observe({ entryTypes: ['gc'] })
}
