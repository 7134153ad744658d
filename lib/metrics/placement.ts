import type { LabelPairs } from '../exposition/index.js'
import { MemoryStore } from '../meter/memory-store.js'
import type { SeriesStore } from '../meter/model.js'
import { onStoreReplaced, threadStore } from '../meter/thread.js'
import type { Family } from './family.js'

/** What holds families and gives labels to all of them: a registry. */
export interface Holder {
  families(): Iterable<Family>
  holds(family: Family): boolean
  defaultLabels(): LabelPairs
  metrics(): Iterable<{ collect?(): unknown }>
}

interface Place {
  store: SeriesStore
  extra: LabelPairs
}

// What no observer sees. Its blocks are freed with the last series in them.
const privateStore = new MemoryStore()

const places = new WeakMap<Family, Place>()

/** The families in the thread's store. */
const published = new Set<Family>()

/** Holders whose families observers see: those that stay, and those that were chosen last. */
const permanent = new Set<Holder>()
let chosen: readonly Holder[] = []

/** What all these give alike: the store keeps it once for all series. */
let shared: LabelPairs = []

const isSame = (a: LabelPairs, b: LabelPairs): boolean => JSON.stringify(a) === JSON.stringify(b)

/** The store of a family that nothing holds yet. */
export const initialStore = (): SeriesStore => privateStore

/** Whatever observers see the families of. */
export const publicHolders = (): ReadonlySet<Holder> => new Set([...permanent, ...chosen])

/** Brings a family to where it belongs, after who holds it or their default labels have changed. */
export function settle(family: Family): void {
  const place = places.get(family) ?? { store: privateStore, extra: [] }
  const holder = [...publicHolders()].find((one) => one.holds(family))
  const store = holder === undefined ? privateStore : threadStore()
  const labels = holder?.defaultLabels() ?? []
  const extra = holder === undefined || isSame(labels, shared) ? [] : labels
  if (store === place.store && isSame(extra, place.extra)) return
  family.moveTo(store, extra, 'lives on')
  places.set(family, { store, extra })
  if (holder === undefined) published.delete(family)
  else published.add(family)
}

function settleAll(holders: Iterable<Holder>): void {
  const [first, ...rest] = publicHolders()
  const labels = first?.defaultLabels() ?? []
  const next = rest.every((other) => isSame(other.defaultLabels(), labels)) ? labels : []
  if (!isSame(next, shared)) {
    shared = next
    threadStore().defaultLabels(Object.fromEntries(shared))
  }
  for (const holder of holders) for (const family of holder.families()) settle(family)
}

/** Lets observers see what these hold, in the place of those that were chosen before. */
export function choose(holders: readonly Holder[]): void {
  const before = publicHolders()
  chosen = [...holders]
  settleAll(new Set([...before, ...chosen]))
}

/** Lets observers see what this holds, from now on and whatever is chosen. */
export function publish(holder: Holder): void {
  permanent.add(holder)
  settleAll(publicHolders())
}

/** To be called when a holder's default labels have become others. */
export function defaultLabelsChanged(holder: Holder): void {
  const all = publicHolders()
  if (all.has(holder)) settleAll(all)
}

onStoreReplaced((store) => {
  store.defaultLabels(Object.fromEntries(shared))
  for (const family of published) {
    const place = places.get(family) as Place
    family.moveTo(store, place.extra, 'is gone')
    place.store = store
  }
})
