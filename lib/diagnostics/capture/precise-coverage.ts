import type { Channel } from '../channel/channel.js'

/**
 * Makes V8 throw away optimized code, so that a profiler that has just begun sees every function: V8 tells
 * it of the code that functions have, but not of code that replaced a loop in the middle (on-stack
 * replacement). The time of such a loop is otherwise counted as its caller's, be it that the loop spins
 * already or that it is entered later: the code is kept. Collecting block counts needs code that counts,
 * hence the deoptimization; nothing is kept of the counts.
 *
 * A thread that collects coverage (NODE_V8_COVERAGE) would lose it, and is left alone.
 */
export async function forgetOptimizedCode(channel: Channel): Promise<void> {
  if (process.env.NODE_V8_COVERAGE) return
  await channel.post('Profiler.startPreciseCoverage', { callCount: true })
  await channel.post('Profiler.stopPreciseCoverage')
}
