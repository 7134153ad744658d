/**
 * What a thread did with the time between two looks.
 *
 * - `starved`: it waited for a processor for at least {@link STARVED_RUN_DELAY} of the time, and its work
 *   took at least {@link STARVED_SLOWDOWN} times as long for it. More processors, or fewer busy
 *   threads, would make it faster.
 * - `busy`: running took the largest part.
 * - `blocked`: its event loop was in the middle of a turn, yet it neither ran nor waited for a processor:
 *   a synchronous call (`execSync`, `readSync`, `Atomics.wait`) held it.
 * - `idle`: waiting for events took the largest part.
 *
 * A thread without an event loop is never `blocked`: nothing tells its waiting from its idling.
 */
export type Verdict = 'busy' | 'starved' | 'blocked' | 'idle'

/** In the order of the numbers that `sampleInto()` writes. */
export const VERDICTS: readonly Verdict[] = ['busy', 'starved', 'blocked', 'idle']

/** The share of the time in the run queue from which on a thread counts as starved. */
export const STARVED_RUN_DELAY = 0.2

/** How many times as long as on a free processor the work of a starved thread takes at least. */
export const STARVED_SLOWDOWN = 1.5

/**
 * Decides from shares of the same window, each 0 to 1. NaN stands for what is not known.
 *
 * @param cpu share spent running
 * @param runDelay share spent waiting for a processor
 * @param loopActive share during which the event loop was in a turn
 */
export function verdictOf(cpu: number, runDelay: number, loopActive: number): Verdict {
  const waited = Number.isNaN(runDelay) ? 0 : runDelay
  const slowed = cpu + waited >= cpu * STARVED_SLOWDOWN
  if (waited >= STARVED_RUN_DELAY && slowed) return 'starved'
  const held = Number.isNaN(loopActive) ? 0 : Math.max(loopActive - cpu - waited, 0)
  const idle = 1 - cpu - waited - held
  if (cpu >= held && cpu >= idle) return 'busy'
  return held >= idle ? 'blocked' : 'idle'
}
