/** Rejects as soon as the request is aborted, where that counts; what goes on then has its own end. */
export function unlessAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  counts: () => boolean = () => true,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => counts() && reject(signal.reason)
    signal.addEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
