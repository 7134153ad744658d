import { isMainThread } from 'node:worker_threads'
import { type Capability, missing } from '../capability.js'

let status: (() => Capability) | undefined

/** Notes who can tell in this thread what became of the helper. */
export function noteHelper(tell: () => Capability): void {
  status = tell
}

/** Whether the main thread, if this is it, has been told to serve captures. */
export const isEnabled = (): boolean => status !== undefined

/** Whether the threads of this process can be captured, and over which socket. Never throws. */
export function diagnostics(): Capability {
  if (status !== undefined) return status()
  const missed = isMainThread ? 'been called in the main thread' : 'been imported in this thread'
  return missing(`enableDiagnostics() has not ${missed}`)
}
