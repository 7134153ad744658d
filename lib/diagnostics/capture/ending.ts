import { ThreadmeterError } from '../../errors.js'
import type { CaptureKind } from '../model.js'

/** Whether a command failed because there is nobody left to answer, rather than for what it asked. */
export function isEndOfThread(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return code === 'ERR_THREADMETER_THREAD_ENDED' || code === 'ERR_THREADMETER_PROCESS_ENDED'
}

/** A capture that the thread itself could not do. */
export const failed = (kind: CaptureKind, reason: string, cause?: unknown): ThreadmeterError =>
  new ThreadmeterError('ERR_THREADMETER_CAPTURE_FAILED', [kind, reason], cause)
