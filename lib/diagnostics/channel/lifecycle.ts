/** What channels and the engine know of the life of the process that the helper belongs to. */
export interface Lifecycle {
  /**
   * Says that a conversation with the inspector of the main thread is open, until the returned function
   * is called: an exit of the process then waits for {@link onEnding}, within a bound. Throws
   * ERR_THREADMETER_PROCESS_ENDED when the exit has begun.
   */
  hold(): () => void
  /** Says that a worker's end waits for its session to be closed, until the returned function is called. */
  retain?(): () => void
  /** Called once, when the main thread has begun to exit. Sessions must be closed before it resolves. */
  onEnding(listener: () => Promise<void>): void
}
