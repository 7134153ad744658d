/** CLOCK_MONOTONIC in ms: the clock of V8's profiles and of `perf -k mono`, the same in all processes. */
export const nowMs = () => Number(process.hrtime.bigint()) / 1e6

// hrtime.bigint() makes garbage, whose collection would be a gap of its own.
const AHEAD_MS = nowMs() - performance.now()

/** The same without garbage, off by a few µs at most. */
export const cheapNowMs = () => performance.now() + AHEAD_MS
