import type { Channel } from '../channel/channel.js'

/**
 * Starts a profiler in a thread that then forgets its optimized code, so that every function is seen: V8
 * tells a profiler of the code that functions have, but not of code that replaced a loop in the middle
 * (on-stack replacement). The time of such a loop is otherwise counted as its caller's, be it that the loop
 * spins already or that it is entered later: the code is kept.
 *
 * Collecting exact counts needs code that counts: V8 throws the other away. What it makes afterwards is told
 * to the profiler, which listens by then; what it makes before the start is not, so the order matters. All
 * commands are sent at once: what passes between them is counted as the caller's. Nothing is kept of the
 * counts. A thread that collects coverage (NODE_V8_COVERAGE) would lose it, and is left alone.
 *
 * @param start sends the command that starts the profiler before it waits for anything
 */
export async function startUnoptimized<T>(
  channel: Channel,
  start: () => Promise<T>,
  collectsCoverage = Boolean(process.env.NODE_V8_COVERAGE),
): Promise<T> {
  if (collectsCoverage) return start()
  const [started] = await Promise.all([
    start(),
    channel.post('Profiler.startPreciseCoverage', { callCount: true }),
    channel.post('Profiler.stopPreciseCoverage'),
  ])
  return started
}
