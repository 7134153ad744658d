import { setTimeout as delay } from 'node:timers/promises'
import { isMainThread } from 'node:worker_threads'
import { outOfRange, ThreadmeterError } from '../errors.js'
import { DoorClient } from './door/client.js'
import { doorOf } from './door/location.js'
import { enableDiagnostics } from './helper/host.js'
import { diagnostics, isEnabled } from './status.js'

const HOW = 'preload threadmeter/register, or await enableDiagnostics() in its main thread'

// For which a worker waits that may have started sooner than the helper.
const STARTS_WITHIN_MS = 1000
const LOOK_AGAIN_MS = 20

const unavailable = (reason: string): ThreadmeterError =>
  new ThreadmeterError('ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE', [reason])

async function settle(): Promise<void> {
  if (isMainThread) {
    if (isEnabled()) await enableDiagnostics()
    return
  }
  const late = performance.now() + STARTS_WITHIN_MS
  while (!diagnostics().available && performance.now() < late) await delay(LOOK_AGAIN_MS)
}

/** The socket of this process. Rejects with the reason when it has none. */
export async function ownSocket(): Promise<string> {
  const now = diagnostics()
  if (now.available) return now.source
  await settle()
  const then = diagnostics()
  if (then.available) return then.source
  throw unavailable(`${then.reason}; ${HOW}`)
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

export function checkPid(pid: unknown): number {
  if (Number.isInteger(pid) && (pid as number) > 0) return pid as number
  throw outOfRange('pid', 'the pid of a process', pid)
}

/** The socket of another process. Throws when it has none that this user could use. */
export function socketOf(pid: number): string {
  const path = doorOf(pid)
  if (path !== undefined) return path
  if (!isThere(pid)) throw new ThreadmeterError('ERR_THREADMETER_PROCESS_ENDED', [String(pid)])
  throw unavailable(`process ${pid} has no socket that this user could use; ${HOW}`)
}

export const threadsBehind = (socketPath: string): ReturnType<DoorClient['threads']> =>
  new DoorClient(socketPath).threads()
