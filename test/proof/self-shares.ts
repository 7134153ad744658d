import type { CpuProfile } from '../../dist/diagnostics/index.js'

/**
 * The share that each function had itself in the time that the program ran, by its name. A collection of
 * garbage, for a snapshot beside it say, is no function's.
 */
export function selfShares({ nodes, samples, timeDeltas }: CpuProfile): Map<string, number> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame.functionName]))
  const times = new Map<string, number>()
  let total = 0
  // A delta is the time before its sample: what a sample weighs stands with the next.
  for (const [index, id] of samples.entries()) {
    const time = timeDeltas[index + 1] ?? 0
    const name = names.get(id) as string
    if (name === '(garbage collector)') continue
    times.set(name, (times.get(name) ?? 0) + time)
    total += time
  }
  return new Map([...times].map(([name, time]) => [name, time / total]))
}
