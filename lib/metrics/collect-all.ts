import { publicHolders } from './placement.js'

let running: Promise<void> | undefined
let failures = 0

/** How many `collect()` functions have failed in {@link collectAll}. */
export const collectFailures = (): number => failures

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'

/** Calls the functions; a promise when one of them returned one. */
function start(): Promise<unknown> | undefined {
  const pending: Promise<unknown>[] = []
  const seen = new Set<object>()
  for (const holder of publicHolders()) {
    for (const metric of holder.metrics()) {
      if (metric.collect === undefined || seen.has(metric)) continue
      seen.add(metric)
      try {
        const result = metric.collect()
        if (isThenable(result)) pending.push(Promise.resolve(result).catch(() => failures++))
      } catch {
        failures++
      }
    }
  }
  return pending.length === 0 ? undefined : Promise.all(pending)
}

/**
 * Runs the `collect()` functions of all metrics that observers see, so that they see values of now. Never
 * two at once: a call while functions are still under way gives the promise of these. Nothing is thrown;
 * what fails is counted.
 */
export function collectAll(): Promise<void> | undefined {
  if (running !== undefined) return running
  running = start()?.then(() => {
    running = undefined
  })
  return running
}
