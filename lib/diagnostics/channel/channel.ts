import type { CapturedThread, CaptureRoute } from '../model.js'

/** What ends a conversation before its time. */
export type ChannelEnd = 'thread ended' | 'process ended' | 'disconnected'

/**
 * A conversation with the inspector of one thread, in the Chrome DevTools Protocol, however it is
 * reached. Captures know no more of a thread than this.
 */
export interface Channel {
  readonly route: CaptureRoute
  readonly thread: CapturedThread
  /**
   * Sends a command; resolves with its result, rejects with the protocol's error, and with
   * ERR_THREADMETER_THREAD_ENDED when the thread ends first. A command to a thread that is in a native
   * call stays unanswered until that returns.
   */
  post<Result = unknown>(method: string, params?: object): Promise<Result>
  /** Events of the protocol; returns how to stop listening. */
  on(method: string, listener: (params: never) => void): () => void
  /**
   * Called once, as soon as it is known that the thread or process is about to end: the time that is left
   * to take what there is. What it returns is waited for, within a bound.
   */
  onEnding(listener: (end: ChannelEnd) => Promise<void>): void
  /** Ends the conversation. Idempotent; pending commands reject. */
  close(): Promise<void>
}
