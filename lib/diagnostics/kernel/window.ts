import { readTask, TASK } from '../../observer/outside/task-reader.js'
import type { CapturedThread, ThreadWindow } from '../model.js'

/** Time since some moment, in ms, that an event loop waited for events and that it did not. */
export interface EventLoopTimes {
  readonly idle: number
  readonly active: number
}

/** A span of time in which a thread is watched; it is measured anew by each {@link close}. */
export interface OpenWindow {
  close(): ThreadWindow
}

interface Moment {
  readonly at: number
  /** ns; NaN for what the kernel does not tell. */
  readonly cpu: number
  readonly runDelay: number
  readonly eventLoop: EventLoopTimes | null
}

const NS_PER_SECOND = 1e9

function look(
  { pid, tid }: CapturedThread,
  eventLoop: (() => EventLoopTimes | null) | undefined,
): Moment {
  const figures = tid === null ? undefined : readTask(pid, tid, 0)
  return {
    at: performance.now(),
    cpu: figures?.[TASK.cpu] ?? Number.NaN,
    runDelay: figures?.[TASK.runDelay] ?? Number.NaN,
    eventLoop: eventLoop?.() ?? null,
  }
}

function seconds(from: number, to: number): number | null {
  // What ran in between belongs to somebody else when the tid was used again.
  return to >= from ? (to - from) / NS_PER_SECOND : null
}

function utilization(from: EventLoopTimes | null, to: EventLoopTimes | null): number | null {
  if (from === null || to === null) return null
  const idle = to.idle - from.idle
  const active = to.active - from.active
  return idle >= 0 && active >= 0 && idle + active > 0 ? active / (idle + active) : null
}

/**
 * Begins to watch a thread. Costs one or two reads of /proc, here and at {@link OpenWindow.close}, and none
 * in the thread. What the thread used is null once it is gone.
 */
export function openWindow(
  thread: CapturedThread,
  eventLoop?: () => EventLoopTimes | null,
): OpenWindow {
  const startedAt = Date.now()
  const before = look(thread, eventLoop)
  return {
    close() {
      const after = look(thread, eventLoop)
      const length = (after.at - before.at) / 1000
      const runDelay = seconds(before.runDelay, after.runDelay)
      return {
        startedAt,
        seconds: length,
        cpuSeconds: seconds(before.cpu, after.cpu),
        // The kernel counts a wait for a processor when it ends, also what of it lies before the window.
        runDelaySeconds: runDelay === null ? null : Math.min(runDelay, length),
        eventLoopUtilization: utilization(before.eventLoop, after.eventLoop),
      }
    },
  }
}
