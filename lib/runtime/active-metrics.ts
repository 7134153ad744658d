import { Gauge } from '../metrics/gauge.js'
import type { DefaultMetrics } from './default-metric.js'
import { isForObservers } from './for-observers.js'

/** Names that Node itself marks as internal, and may drop. */
interface Internals {
  _getActiveHandles?: () => (object | null)[]
  _getActiveRequests?: () => (object | null)[]
}

const internals = process as unknown as Internals

/** Empty where something has no class. */
const classNames = (objects: readonly (object | null)[]): string[] =>
  objects.map((one) => one?.constructor?.name ?? '')

interface Family {
  readonly name: string
  /** In the singular, for the help text. */
  readonly types: string
  readonly total: string
}

// To list what is active takes longer the more there is: observers see at most so old a list.
const OBSERVED_AGE_MS = 10_000

/** Two gauges, of one list: how many there are of each type, and in all. */
function countActive(
  { describe, labels }: DefaultMetrics,
  family: Family,
  typesNow: () => readonly string[],
): void {
  const seen = new Set<string>()
  let listedAt = Number.NEGATIVE_INFINITY
  const types = new Gauge<string>({
    ...describe(family.name, family.types, ['type']),
    collect() {
      const now = performance.now()
      if (isForObservers() && now - listedAt < OBSERVED_AGE_MS) return
      listedAt = now
      const list = typesNow()
      const counts = new Map([...seen].map((type) => [type, 0]))
      for (const type of list) counts.set(type, (counts.get(type) ?? 0) + 1)
      // A type that is gone stays, as 0: series that come and go would cost more than they tell.
      for (const [type, count] of counts) {
        if (type === '') continue
        seen.add(type)
        types.set({ type, ...labels }, count)
      }
      total.set(labels, list.length)
    },
  })
  const total = new Gauge<string>(describe(`${family.name}_total`, family.total))
}

export function processHandles(metrics: DefaultMetrics): void {
  const { _getActiveHandles: get } = internals
  if (get === undefined) return
  const family = {
    name: 'nodejs_active_handles',
    types:
      'Number of active libuv handles grouped by handle type. Every handle type is C++ class name.',
    total: 'Total number of active handles.',
  }
  countActive(metrics, family, () => classNames(get.call(process)))
}

export function processRequests(metrics: DefaultMetrics): void {
  const { _getActiveRequests: get } = internals
  if (get === undefined) return
  const family = {
    name: 'nodejs_active_requests',
    types:
      'Number of active libuv requests grouped by request type. Every request type is C++ class name.',
    total: 'Total number of active requests.',
  }
  countActive(metrics, family, () => classNames(get.call(process)))
}

export function processResources(metrics: DefaultMetrics): void {
  const family = {
    name: 'nodejs_active_resources',
    types:
      'Number of active resources that are currently keeping the event loop alive, grouped by async resource type.',
    total: 'Total number of active resources.',
  }
  countActive(metrics, family, () => process.getActiveResourcesInfo())
}
