import { publicHolders } from './placement.js'

interface Collecting {
  collect?(): unknown
}

/** Functions that are under way, by their metrics. */
const pending = new Map<Collecting, Promise<void>>()
let failures = 0

/** How many `collect()` functions have failed in {@link collectAll}. */
export const collectFailures = (): number => failures

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'

async function settled(metric: Collecting, result: PromiseLike<unknown>): Promise<void> {
  try {
    await result
  } catch {
    failures++
  }
  pending.delete(metric)
}

function start(metric: Collecting): void {
  try {
    const result = metric.collect?.()
    if (isThenable(result)) pending.set(metric, settled(metric, result))
  } catch {
    failures++
  }
}

/**
 * Runs the `collect()` functions of all metrics that observers see, so that they see values of now; one
 * that is still under way is not begun again, and holds up no other. Gives a promise of the end of all
 * that are. Nothing is thrown; what fails is counted.
 */
export function collectAll(): Promise<unknown> | undefined {
  const seen = new Set<Collecting>(pending.keys())
  for (const holder of publicHolders()) {
    for (const metric of holder.metrics()) {
      if (metric.collect === undefined || seen.has(metric)) continue
      seen.add(metric)
      start(metric)
    }
  }
  return pending.size === 0 ? undefined : Promise.all(pending.values())
}
