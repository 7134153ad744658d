/**
 * On this route the inspector is asked by a function that runs on top of the interrupted stack. That
 * function, and what it calls, is no part of what the thread does.
 */
import type { CpuProfile, ProfileNode } from '../model.js'
import { OWN_FUNCTION, ROOM_FUNCTION } from './letters.js'

interface Named {
  readonly functionName: string
}

interface Evaluated {
  readonly exceptionDetails?: { readonly stackTrace?: { callFrames: readonly Named[] } }
}

type Profile = Pick<CpuProfile, 'nodes' | 'samples'>

/** The stack of an exception without our frames. The first one, of the evaluated text, stays. */
function withoutOwnCalls(frames: readonly Named[]): readonly Named[] {
  const own = frames.findIndex(({ functionName }) => functionName === OWN_FUNCTION)
  return own === -1 ? frames : [...frames.slice(0, 1), ...frames.slice(own + 1)]
}

// A stack that is deeper than V8 samples begins within the function that makes room.
const isOwn = (node: ProfileNode | undefined): boolean =>
  [OWN_FUNCTION, ROOM_FUNCTION].includes(node?.callFrame.functionName ?? '')

/** For each node that is ours, the node on top of which it ran. */
function interruptedNodes(nodes: readonly ProfileNode[]): Map<number, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const program = nodes.find(({ callFrame }) => callFrame.functionName === '(program)')
  const interrupted = new Map<number, number>()
  for (const { id: caller, callFrame, children = [] } of nodes) {
    const own = children.filter((child) => isOwn(byId.get(child)))
    if (own.length === 0 || interrupted.has(caller)) continue
    const id = callFrame.functionName === '(root)' ? (program?.id ?? caller) : caller
    for (const node of own) {
      const below = [node]
      for (let next = below.pop(); next !== undefined; next = below.pop()) {
        interrupted.set(next, id)
        below.push(...(byId.get(next)?.children ?? []))
      }
    }
  }
  return interrupted
}

/** A profile whose samples in our frames count for what was interrupted. */
export function withoutOwnNodes<Some extends Profile>(profile: Some): Some {
  const interrupted = interruptedNodes(profile.nodes)
  if (interrupted.size === 0) return profile
  const more = new Map<number, number>()
  for (const { id, hitCount = 0 } of profile.nodes) {
    const into = interrupted.get(id)
    if (into !== undefined) more.set(into, (more.get(into) ?? 0) + hitCount)
  }
  const nodes = profile.nodes
    .filter(({ id }) => !interrupted.has(id))
    .map((node) => ({
      ...node,
      hitCount: (node.hitCount ?? 0) + (more.get(node.id) ?? 0),
      children: (node.children ?? []).filter((child) => !interrupted.has(child)),
    }))
  const samples = profile.samples.map((id) => interrupted.get(id) ?? id)
  return { ...profile, nodes, samples }
}

/** The result of a command as it would be, had nobody stood in between. */
export function withoutOwnFrames(method: string, result: unknown): unknown {
  if (method === 'Runtime.evaluate') {
    const trace = (result as Evaluated).exceptionDetails?.stackTrace
    if (trace !== undefined) trace.callFrames = withoutOwnCalls(trace.callFrames)
  }
  if (method === 'Profiler.stop') {
    const { profile } = result as { profile: Profile }
    return { profile: withoutOwnNodes(profile) }
  }
  return result
}
