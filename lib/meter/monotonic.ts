const MS_PER_S = 1e3
const NS_PER_MS = 1e6

/** ms on CLOCK_MONOTONIC, which all processes share: threads stamp their event loops with it. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * MS_PER_S + nanoseconds / NS_PER_MS
}
