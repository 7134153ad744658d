import { isMainThread } from 'node:worker_threads'
import { available, type Capability, messageOf, missing } from '../capability.js'
import { ownDoor } from './door/location.js'

let status: (() => Capability) | undefined

/** Notes who can tell, in the main thread, what became of the helper. */
export function noteHelper(tell: () => Capability): void {
  status = tell
}

/** Whether the main thread, if this is it, has been told to serve captures. */
export const isEnabled = (): boolean => status !== undefined

/** The main thread has the helper; the others see its socket. */
function seenFromWorker(): Capability {
  try {
    const path = ownDoor()
    return path === undefined
      ? missing('the main thread has not enabled them, or could not: it knows the reason')
      : available(path)
  } catch (error) {
    return missing(messageOf(error))
  }
}

/** Whether the threads of this process can be captured, and over which socket. Never throws. */
export function diagnostics(): Capability {
  if (!isMainThread) return seenFromWorker()
  return status?.() ?? missing('enableDiagnostics() has not been called in the main thread')
}
