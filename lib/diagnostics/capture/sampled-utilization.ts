import type { CpuProfile } from '../model.js'

type Sampled = Pick<CpuProfile, 'nodes' | 'samples' | 'timeDeltas'>

/**
 * The event loop utilization over a CPU profile, by its own samples: those that V8 calls `(idle)` are of the
 * wait for events. libuv's figure is of no use meanwhile, because V8 samples by a signal, and the time of a wait
 * that a signal interrupts is lost to it: it counts 0.8 to 0.9 for a thread that is busy 0.02 of the time. Null
 * without samples.
 */
export function sampledUtilization({ nodes, samples, timeDeltas }: Sampled): number | null {
  const idle = nodes.find(({ callFrame }) => callFrame.functionName === '(idle)')?.id
  let [waited, total] = [0, 0]
  for (let i = 0; i < samples.length; i++) {
    const span = Math.max(0, timeDeltas[i + 1] ?? 0)
    total += span
    if (samples[i] === idle) waited += span
  }
  return total > 0 ? 1 - waited / total : null
}
