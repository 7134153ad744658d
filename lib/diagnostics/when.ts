import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { reportThread } from '../runtime/report-thread.js'
import { ownSocket } from './sockets.js'
import { checkTrigger } from './triggers/check.js'
import type {
  Trigger,
  TriggerCapture,
  TriggerConditions,
  TriggeredCapture,
  TriggerStatus,
} from './triggers/model.js'
import { TRIGGERS_PATH } from './triggers/routes-path.js'
import { textOfTrigger } from './triggers/text.js'
import { askForJson } from './triggers/wire.js'

// The socket may be busy, or its directory have been made anew.
const AGAIN_MS = 1000
const MOST_FAILURES = 5

/** What was meant for the working directory of this process is said in full. */
function withFullPath(capture: TriggerCapture | undefined): TriggerCapture | undefined {
  const directory = capture?.directory
  if (typeof directory !== 'string' || directory === '') return capture
  return { ...capture, directory: resolve(directory) }
}

const pathOf = (id: string): string => `${TRIGGERS_PATH}/${encodeURIComponent(id)}`

/** Waits for captures without keeping the process alive. */
async function follow(
  id: string,
  signal: AbortSignal,
  onCapture: NonNullable<TriggerCapture['onCapture']>,
): Promise<void> {
  let after = 0
  for (let failures = 0; failures < MOST_FAILURES && !signal.aborted; ) {
    try {
      const path = `${pathOf(id)}?after=${after}`
      const question = { method: 'GET', path, signal, ref: false } as const
      const { recent } = await askForJson<TriggerStatus>(await ownSocket(), question)
      const news = recent.filter(({ number }) => number > after)
      after = news.at(-1)?.number ?? after
      failures = 0
      for (const capture of news) tell(onCapture, capture)
    } catch {
      failures++
      await delay(AGAIN_MS, undefined, { ref: false, signal }).catch(() => {})
    }
  }
}

/** What the application throws is the application's: it must neither be lost nor end the waiting. */
function tell(
  onCapture: NonNullable<TriggerCapture['onCapture']>,
  capture: TriggeredCapture,
): void {
  queueMicrotask(() => onCapture([...capture.files], capture))
}

class SetTrigger implements Trigger {
  readonly id: string
  readonly #following = new AbortController()
  #stopping: Promise<void> | undefined
  #last: readonly TriggeredCapture[] | undefined

  constructor({ id }: TriggerStatus, onCapture: TriggerCapture['onCapture']) {
    this.id = id
    if (onCapture !== undefined) void follow(id, this.#following.signal, onCapture)
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#remove().catch((error) => {
      // It is set all the same: who asks again shall not be told that it is gone.
      this.#stopping = undefined
      throw error
    })
    return this.#stopping
  }

  async #remove(): Promise<void> {
    const question = { method: 'DELETE', path: pathOf(this.id) } as const
    const { recent } = await askForJson<TriggerStatus>(await ownSocket(), question)
    this.#last = recent
    this.#following.abort()
  }

  async captures(): Promise<readonly TriggeredCapture[]> {
    await this.#stopping?.catch(() => {})
    if (this.#last !== undefined) return this.#last
    const question = { method: 'GET', path: pathOf(this.id) } as const
    return (await askForJson<TriggerStatus>(await ownSocket(), question)).recent
  }
}

/**
 * Captures a thread when it is in trouble, so that the evidence is there afterwards: its stack at once, then
 * a short CPU profile, as files. A helper thread watches, also while every other one is blocked; no thread
 * is asked. The trigger stays until it is stopped or the process ends.
 *
 * - `blockedFor`: its event loop has not turned for so many seconds, in JavaScript or in a native call.
 *   Of a native call there is a stack report with what the kernel says, and no profile.
 * - `cpuAbove`, `eluAbove`: CPU utilization in cores, event loop utilization, each above the mark `for` seconds.
 * - `heapAbove`: bytes of its heap, or their share of the limit. Threads tell it once a second in their meter
 *   files, and so must report: as with `threadmeter/register`.
 *
 * A worker that rests in `Atomics.wait()`, as those of some pools do, has its stack captured once for each
 * place where workers do so; that holds back no other capture.
 *
 * Files are `threadmeter-<time>-<pid>-<thread>-<trigger>` with `.stack.json`, `.cpuprofile` and
 * `.heapsnapshot`, readable by this user alone. As long as the condition holds there is another capture of the
 * thread each `every` seconds; within these, of four workers at most, and of the main thread. What fails is
 * counted, and shown by `GET /v1/triggers`; it is never thrown. The variable THREADMETER_WHEN sets triggers
 * without code.
 *
 * Cost: in the helper's thread 1.5 ms of CPU time a second for five threads, 2 ms for all four conditions, 2.7 ms
 * for 33 threads; nothing in the threads that are watched, and nothing without triggers.
 *
 * @throws {TypeError} `ERR_THREADMETER_INVALID_ARG_TYPE`
 * @throws {RangeError} `ERR_THREADMETER_OUT_OF_RANGE`
 * @throws {ThreadmeterError} `ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE`; `ERR_THREADMETER_CAPTURE_FAILED` where
 * the directory cannot be used; `ERR_THREADMETER_BUSY` beyond 32 triggers
 *
 * @example
 * ```js
 * import { enableDiagnostics, when } from 'threadmeter/diagnostics'
 *
 * await enableDiagnostics()
 * const trigger = await when({ blockedFor: 5 }, { every: 600, onCapture: (files) => console.log(files) })
 * console.log(trigger.id)
 * await trigger.stop()
 * ```
 */
export async function when(
  conditions: TriggerConditions,
  capture?: TriggerCapture,
): Promise<Trigger> {
  const spec = checkTrigger(conditions, withFullPath(capture))
  // Of the thread that asks, at least, there shall be figures.
  if (spec.condition === 'heapAbove') reportThread()
  const path = `${TRIGGERS_PATH}?${new URLSearchParams(textOfTrigger(spec))}`
  const status = await askForJson<TriggerStatus>(await ownSocket(), { method: 'POST', path })
  return new SetTrigger(status, capture?.onCapture)
}
