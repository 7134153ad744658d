import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel } from '../channel/channel.js'
import type { ProfileNode, StackFrame } from '../model.js'
import { startUnoptimized } from './precise-coverage.js'

interface Sampled {
  readonly nodes: readonly ProfileNode[]
  readonly samples?: readonly number[]
}

// Ten samples, at V8's usual interval.
const SETTLE_MS = 10

// What V8 names the parts of a profile that are no function of the program's.
const META = new Set(['(root)', '(program)', '(idle)', '(garbage collector)'])

function frameOf({ callFrame, positionTicks }: ProfileNode, isInnermost: boolean): StackFrame {
  const tick = isInnermost ? positionTicks?.[0] : undefined
  return {
    functionName: callFrame.functionName,
    url: callFrame.url,
    lineNumber: tick?.line ?? callFrame.lineNumber + 1,
    columnNumber: tick === undefined ? callFrame.columnNumber + 1 : 1,
  }
}

/** The stack of the sample that was taken last, innermost first. */
export function lastSampleOf({ nodes, samples }: Sampled): StackFrame[] {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(
    nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)),
  )
  const frames: StackFrame[] = []
  let node = byId.get(samples?.at(-1) ?? -1)
  while (node !== undefined) {
    if (!META.has(node.callFrame.functionName)) frames.push(frameOf(node, frames.length === 0))
    node = parents.get(node.id)
  }
  return frames
}

/**
 * The stack of a thread that evaluates nothing: what a profile of a moment has seen last. Callers are given
 * with the places where they begin, instead of where they call.
 */
export async function sampledStack(channel: Channel): Promise<StackFrame[]> {
  await channel.post('Profiler.enable')
  try {
    await startUnoptimized(channel, () => channel.post('Profiler.start'))
    // The first sample is still of optimized code.
    await sleep(SETTLE_MS)
    const { profile } = await channel.post<{ profile: Sampled }>('Profiler.stop')
    return lastSampleOf(profile)
  } finally {
    await channel.post('Profiler.disable').catch(() => {})
  }
}
