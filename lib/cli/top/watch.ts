import type { ServiceThread } from '../../observer/outside/index.js'
import { Failure } from '../command.js'
import type { Target } from './target.js'

/** One look at all threads. */
export interface View {
  readonly title: string
  /** ms since the Unix epoch. */
  readonly time: number
  /** s between two looks. */
  readonly interval: number
  readonly threads: readonly ServiceThread[]
}

// Something to see soon: the first view does not wait for a whole long interval.
const FIRST_SECONDS = 0.5
const MS = 1000

/** Waits; false when it was stopped. */
function pause(seconds: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(false)
      return
    }
    const end = (whole: boolean): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      resolve(whole)
    }
    const onAbort = (): void => end(false)
    const timer = setTimeout(end, seconds * MS, true)
    signal.addEventListener('abort', onAbort)
  })
}

export interface WatchOptions {
  /** s */
  readonly interval: number
  readonly once: boolean
  readonly signal: AbortSignal
}

/** Looks again and again, until the target ends or the signal says so; rates are from look to look. */
export async function* watch(
  target: Target,
  { interval, once, signal }: WatchOptions,
): AsyncGenerator<View> {
  target.look()
  let next = once ? interval : Math.min(interval, FIRST_SECONDS)
  while (await pause(next, signal)) {
    const threads = target.look()
    if (threads === undefined) return
    if (once && threads.length === 0) throw new Failure(`no process can be seen in ${target.title}`)
    yield { title: target.title, time: Date.now(), interval, threads }
    if (once) return
    next = interval
  }
}
