import type { Channel } from '../channel/channel.js'

/**
 * Starts a profiler in a thread that has forgotten its optimized code, so that every function is seen: V8
 * tells a profiler of the code that functions have, but not of code that replaced a loop in the middle
 * (on-stack replacement). The time of such a loop is otherwise counted as its caller's, be it that the loop
 * spins already or that it is entered later: the code is kept.
 *
 * Collecting exact counts needs code that counts: V8 throws the other away, and makes none until it is over,
 * so that what it makes from then on is told to the profiler. Nothing is kept of the counts. A thread that
 * collects coverage (NODE_V8_COVERAGE) would lose it, and is left alone.
 */
export async function startUnoptimized<T>(channel: Channel, start: () => Promise<T>): Promise<T> {
  if (process.env.NODE_V8_COVERAGE) return start()
  await channel.post('Profiler.startPreciseCoverage', { callCount: true })
  try {
    return await start()
  } finally {
    await channel.post('Profiler.stopPreciseCoverage')
  }
}
