import type { ThreadRole } from '../../cpu/roles.js'
import type { ThreadState } from '../../cpu/threads.js'
import type { Verdict } from '../../cpu/verdict.js'
import type { HeapFigures } from './heap-figures.js'
import { epochSeconds } from './process-files.js'
import type { ThreadRate } from './thread-rates.js'
import type { WatchedThread } from './watched-thread.js'

/** One thread of a service, as it was seen from outside. Rates are of the last window, null before there was one. */
export interface ServiceThread {
  pid: number
  /** The number of its process in the service; null for a process that is none of a service. */
  process: number | null
  /** The script or package that its process runs. */
  program: string
  tid: number
  /** Node's id; null for threads that did not tell it. */
  threadId: number | null
  name: string
  role: ThreadRole
  /** When it started, in seconds since the Unix epoch, to a second. */
  startTime: number
  /** Seconds of CPU time since its start. */
  cpuTime: number
  /** CPU utilization in cores: 1 is one processor, all the time. */
  cpu: number | null
  /** The part of `cpu` in user code; sampled once a timer tick. */
  user: number | null
  /** The part of `cpu` in the kernel. */
  system: number | null
  /** Share of the time spent runnable, without a processor; null also where the kernel does not say. */
  runDelay: number | null
  /** Share of the time in which its event loop did not wait for events; null also without a meter file. */
  eventLoopUtilization: number | null
  /** For how many seconds its event loop has been overdue; null without a meter file. */
  stalled: number | null
  verdict: Verdict | null
  /** The kernel's letter for what it does. */
  state: ThreadState | null
  /** The processor that it ran on last. */
  processor: number | null
  /** Of its V8 heap, bytes; null where it did not tell. */
  heap: HeapFigures | null
}

const MS_PER_SECOND = 1e3
const NS_PER_SECOND = 1e9

const orNull = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : value

/** A thread as users see it. */
export function serviceThread(
  thread: WatchedThread,
  process: number | null,
  program: string,
  rate: ThreadRate | undefined,
  heap: HeapFigures | null,
): ServiceThread {
  const { pid, tid, identity, start, state, loop } = thread
  return {
    pid,
    process,
    program,
    tid,
    threadId: identity.threadId,
    name: identity.name,
    role: identity.role,
    startTime: epochSeconds(start),
    cpuTime: thread.cpu / NS_PER_SECOND,
    cpu: orNull(rate?.cpu),
    user: orNull(rate?.user),
    system: orNull(rate?.system),
    runDelay: orNull(rate?.runDelay),
    eventLoopUtilization: orNull(rate?.eventLoopUtilization),
    stalled: orNull(loop.stalled / MS_PER_SECOND),
    verdict: rate?.verdict ?? null,
    state: state > 0 ? (String.fromCharCode(state) as ThreadState) : null,
    processor: orNull(thread.processor),
    heap,
  }
}
