import { describeKernelView, wantsProcessor } from '../../diagnostics/kernel/describe.js'
import type { CapturedThread, KernelView } from '../../diagnostics/model.js'

/** Exit codes of commands that capture. */
export const EXIT = {
  done: 0,
  failed: 1,
  misused: 2,
  blocked: 3,
  partial: 4,
} as const

export type CaptureError = Error & { code?: string; details?: unknown }

export const isBlocked = (error: unknown): boolean =>
  (error as CaptureError).code === 'ERR_THREADMETER_THREAD_BLOCKED'

const GONE = new Set(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE'])

/** `main (thread 0)`. */
export const threadText = ({ name, threadId }: CapturedThread): string =>
  `${name} (thread ${threadId})`

/** What went wrong, for the user; `pid` is whom was asked. */
export function reasonOf(error: unknown, pid: number, thread?: CapturedThread): string {
  const { code = '', message, details } = error as CaptureError
  if (isBlocked(error) && details !== undefined && details !== null) {
    const who = thread === undefined ? 'the thread' : threadText(thread)
    const view = details as KernelView
    const what = wantsProcessor(view)
      ? 'does not answer'
      : 'is in a native call, which no request can reach'
    return `${who} ${what}: ${describeKernelView(view)}`
  }
  if (GONE.has(code)) return `process ${pid} has ended, or its diagnostics have`
  return message
}

/** An error as it stands in `--json`. */
export const errorDocument = (error: unknown): object => {
  const { code, message, details } = error as CaptureError
  return { code: code ?? null, message, ...(details !== undefined && { details }) }
}
