import type { Channel } from '../channel/channel.js'

async function forgetOptimizedCode(channel: Channel): Promise<void> {
  await channel.post('Profiler.startPreciseCoverage', { callCount: true })
  await channel.post('Profiler.stopPreciseCoverage')
}

/**
 * Starts a profiler in a thread that has forgotten its optimized code, so that every function is seen: V8
 * tells a profiler of the code that functions have, but not of code that replaced a loop in the middle
 * (on-stack replacement). The time of such a loop is otherwise counted as its caller's, be it that the loop
 * spins already or that it is entered later: the code is kept.
 *
 * Collecting exact counts needs code that counts: V8 throws the other away, and makes none until it is over.
 * That, before the start, keeps short what is counted as the caller's. It is not enough: a loop whose frame
 * the profiler finds half-way between two kinds of code stays unseen, for as long as it spins. What is made
 * once the profiler listens is told to it, so all is thrown away a second time. Nothing is kept of the
 * counts. A thread that collects coverage (NODE_V8_COVERAGE) would lose it, and is left alone.
 */
export async function startUnoptimized<T>(
  channel: Channel,
  start: () => Promise<T>,
  collectsCoverage = Boolean(process.env.NODE_V8_COVERAGE),
): Promise<T> {
  if (collectsCoverage) return start()
  await channel.post('Profiler.startPreciseCoverage', { callCount: true })
  try {
    return await start()
  } finally {
    await channel.post('Profiler.stopPreciseCoverage')
    await forgetOptimizedCode(channel)
  }
}
