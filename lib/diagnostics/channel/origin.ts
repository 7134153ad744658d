import { threadId as ownThreadId } from 'node:worker_threads'
import { threads as registeredThreads } from '../../cpu/threads.js'
import type { CapturedThread, CaptureRoute } from '../model.js'
import { openMainSession } from './main-session.js'
import { MAIN_THREAD } from './main-thread.js'

/** A session with the inspector of a main thread, as far as channels need it. */
export interface MainSession {
  on(event: 'inspectorNotification', listener: (message: object) => void): unknown
  post(
    method: string,
    params: object | undefined,
    answer: (error: unknown, result?: unknown) => void,
  ): void
  disconnect(): void
  /** Called once, when the other side has ended the session. */
  onLost?(listener: (error: Error) => void): void
}

/** A thread that has loaded threadmeter. */
export interface ReportingThread {
  readonly tid: number
  readonly threadId: number | null
  readonly name: string
  readonly role: string
}

/** The process whose threads are spoken with, and how a session with its inspector is opened. */
export interface Origin {
  readonly main: CapturedThread
  readonly route: CaptureRoute
  /** Throws why there is none. */
  openSession(): MainSession
  reportingThreads(): readonly ReportingThread[]
  /** The thread that asks, which is not spoken with; null in another process. */
  readonly ownThreadId: number | null
  /** What a thread's tid, as it knows it itself, is here. */
  tidOf(inner: number): number | null
}

function lookAtThreads(): readonly ReportingThread[] {
  try {
    return registeredThreads({ runDelay: false })
  } catch {
    // Without the addon there is still what the inspector knows.
    return []
  }
}

export const OWN_PROCESS: Origin = {
  main: MAIN_THREAD,
  route: 'inspector',
  openSession: openMainSession,
  reportingThreads: lookAtThreads,
  ownThreadId,
  tidOf: (inner) => inner,
}
