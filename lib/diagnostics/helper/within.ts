/**
 * What the work brings; undefined when it takes longer, or goes on for `graceMs` after the signal was
 * aborted.
 */
export function within<T>(
  ms: number,
  work: Promise<T>,
  signal: AbortSignal,
  graceMs = 0,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const giveUp = () => resolve(undefined)
    let timer = setTimeout(giveUp, ms)
    const aborted = () => {
      clearTimeout(timer)
      timer = setTimeout(giveUp, graceMs)
    }
    if (signal.aborted) aborted()
    else signal.addEventListener('abort', aborted, { once: true })
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer)
      signal.removeEventListener('abort', aborted)
    })
  })
}
