import { performance } from 'node:perf_hooks'
import { setInterval, setTimeout } from 'node:timers'
import { isMainThread } from 'node:worker_threads'
import { attachThread, stampLoop } from '../meter/thread.js'
import { ownIdentity } from '../meter/thread-identity.js'
import { type Native, native } from '../native.js'
import { collectForObservers } from './for-observers.js'
import { reportInterval } from './interval.js'
import { tellDelays } from './loop-delay.js'
import { ThreadMetrics } from './thread-metrics.js'

// Until there is a service, a thread looks for one now and then: observe() may be called after workers
// have been started.
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 60_000

let isReporting = false
let isWaiting = false

/** Whether there is a service that this thread can report to, now or once there is room. */
const hasDirectory = (addon: Native): boolean =>
  addon.runtimeDirectory() !== '' || (process.env.THREADMETER_DIR ?? '') !== ''

function warn(error: Error): void {
  const { code = '' } = error as NodeJS.ErrnoException
  // Workers have the environment of their parent, and would say the same.
  if (isMainThread) process.emitWarning(error.message, { type: 'ThreadmeterWarning', code })
}

/** The one timer of a thread: neither its being there nor its work can be felt by the application. */
function start(addon: Native): void {
  const interval = reportInterval(warn)
  const make = (): ThreadMetrics => new ThreadMetrics(ownIdentity(addon, 0).label ?? '')
  // A worker that does one short task and ends shall not pay for families of its own.
  let metrics = isMainThread ? make() : undefined
  let due = performance.now() + interval
  const tick = (): void => {
    const now = performance.now()
    const late = now - due
    due = now + interval
    stampLoop(interval)
    metrics ??= make()
    tellDelays(late, interval, metrics.delayed)
    metrics.refresh()
    collectForObservers()
  }
  // What fails here is nothing that the application may have to catch; the next time it is tried again.
  const attempt = (work: () => void): void => {
    try {
      work()
    } catch {}
  }
  attempt(() => metrics?.refresh())
  attempt(() => stampLoop(interval))
  setInterval(attempt, interval, tick).unref()
}

function waitForService(addon: Native, wait: number): void {
  isWaiting = true
  const look = (): void => {
    if (hasDirectory(addon)) reportThread()
    else waitForService(addon, Math.min(wait * 2, LONGEST_WAIT_MS))
  }
  setTimeout(look, wait).unref()
}

/**
 * Lets this thread tell observers about itself, from now on: its heap, garbage collections and event loop,
 * and what its metrics' `collect()` functions bring up to date. Where there is no service to
 * report to it looks for one after 1, 2, 4, … seconds, at least once a minute. Does nothing when it is called
 * again. Never throws, never keeps the thread alive. A worker begins with the first interval, its main
 * thread at once.
 *
 * Cost: about 2 ms of CPU time once, for the families; then 0.1 ms at each interval, and 50 µs for each
 * garbage collection, most of them those of Node for whoever wants to be told.
 */
export function reportThread(): void {
  if (isReporting || native === undefined) return
  try {
    attachThread()
    if (hasDirectory(native)) {
      isReporting = true
      start(native)
    } else if (!isWaiting) {
      waitForService(native, FIRST_WAIT_MS)
    }
  } catch {
    // Without figures of its own the thread is still seen from outside.
  }
}
