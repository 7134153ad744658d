/** Whether a command failed because there is nobody left to answer, rather than for what it asked. */
export function isEndOfThread(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return code === 'ERR_THREADMETER_THREAD_ENDED' || code === 'ERR_THREADMETER_PROCESS_ENDED'
}
