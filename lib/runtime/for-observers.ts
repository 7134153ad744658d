import { collectAll } from '../metrics/collect-all.js'

let isUnderWay = false

/** Brings up to date what observers see, as often as this thread tells them. */
export function collectForObservers(): void {
  isUnderWay = true
  try {
    collectAll()
  } finally {
    isUnderWay = false
  }
}

/**
 * Whether a `collect()` function runs for observers, once a second instead of once a scrape. What costs
 * much, or is not shown by them, is left as it is then.
 */
export const isForObservers = (): boolean => isUnderWay
