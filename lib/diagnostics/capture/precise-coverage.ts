import type { Channel } from '../channel/channel.js'

/**
 * Makes V8 throw away optimized code, so that a function that was entered long ago is seen by a profiler
 * that has just begun: a loop that spins since before is otherwise counted as its caller's time, because
 * the frame that was replaced on the stack (OSR) runs code that the profiler was never told of. Collecting
 * block counts needs code that counts, hence the deoptimization; nothing is kept of the counts.
 *
 * A thread that collects coverage of its own (NODE_V8_COVERAGE) would lose it, and is left alone.
 */
export async function forgetOptimizedCode(channel: Channel): Promise<void> {
  if (process.env.NODE_V8_COVERAGE) return
  await channel.post('Profiler.startPreciseCoverage', { callCount: true })
  await channel.post('Profiler.stopPreciseCoverage')
}
