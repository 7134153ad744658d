import type { CapturedThread, StackReport, ThreadTarget } from '../model.js'

/** What a trigger watches. */
export const CONDITIONS = ['blockedFor', 'cpuAbove', 'eluAbove', 'heapAbove'] as const

export type ConditionName = (typeof CONDITIONS)[number]

/** Which threads a trigger watches, and for how long a figure must be above its mark. */
interface Sustained {
  /**
   * For how many seconds, from 0.1 to 3600. Default 10. CPU and event loop utilization are looked at in
   * parts of a second (quarters of what is shorter than four seconds), each of which must be above.
   */
  for?: number
  /**
   * By threadId, name or `main`; by default all that run JavaScript and have loaded threadmeter. Every
   * thread of a name is watched. On Node 20 a worker has the name that it gave to `setThreadName()`.
   */
  thread?: ThreadTarget
}

/** When a trigger fires: one condition, and the thread it is about. */
export type TriggerConditions =
  | {
      /** Seconds, from 0.1 to 3600, for which an event loop has not turned. */
      blockedFor: number
      thread?: ThreadTarget
    }
  | ({
      /** CPU utilization in cores, above 0 and below 1. */
      cpuAbove: number
    } & Sustained)
  | ({
      /** Event loop utilization, above 0 and below 1. */
      eluAbove: number
    } & Sustained)
  | ({
      /** JavaScript heap in use: a share of its limit, above 0 and below 1; or bytes, from 1048576. */
      heapAbove: number
    } & Sustained)

/** What a trigger takes, where it puts it, and how much of it stays. */
export interface TriggerCapture {
  /** Length of the CPU profile that follows the stack, up to 300; 0: none. Default 5. */
  profileSeconds?: number
  /**
   * Takes a heap snapshot as well, which stops the thread. Its file may be 2.5 times as large as the heap in
   * use, and is not kept when it is larger than `bytes`. Default false.
   */
  heapSnapshot?: boolean
  /**
   * Where the files go. Default: `threadmeter-captures-<uid>` in `os.tmpdir()`, for this user alone. It may
   * be shared by all processes of a service.
   */
  directory?: string
  /** How many files of triggers stay in the directory, from 1 to 10000: the oldest go first. Default 20. */
  files?: number
  /** How many bytes they may take. Default 100 MB. */
  bytes?: number
  /**
   * Seconds from one capture of a thread by this trigger to the next of the same thread, from 1 to 86400.
   * Default 60. Within that time it captures at most four workers, and the main thread besides. What is
   * found to rest in `Atomics.wait()` does not count.
   */
  every?: number
  /** Called in the thread that called `when()`, as soon as the files are there and it gets to it. */
  onCapture?: (files: string[], capture: TriggeredCapture) => void
}

/** A trigger as it goes to the helper, with all defaults filled in. */
export interface TriggerSpec {
  readonly condition: ConditionName
  readonly threshold: number
  /** Seconds; of `blockedFor` the threshold itself. */
  readonly for: number
  readonly thread: ThreadTarget | 'all'
  readonly capture: CaptureSpec
}

export interface CaptureSpec {
  readonly profileSeconds: number
  readonly heapSnapshot: boolean
  /** null: the default one. */
  readonly directory: string | null
  readonly files: number
  readonly bytes: number
  readonly every: number
}

/** One firing of a trigger. */
export interface TriggeredCapture {
  /** Counts the captures of a trigger from 1. */
  readonly number: number
  /** ms since the Unix epoch. */
  readonly at: number
  readonly thread: CapturedThread
  /** What was measured, in the unit of the condition. */
  readonly value: number
  /** Paths, the stack first. */
  readonly files: readonly string[]
  /** What could not be taken or written, and why. */
  readonly failures: readonly string[]
}

/** What a `.stack.json` holds. */
export interface StackOfTrigger extends StackReport {
  readonly trigger: {
    readonly id: string
    readonly condition: ConditionName
    readonly threshold: number
    /** For how many seconds it was so; of `blockedFor` the threshold itself. */
    readonly for: number
    /** What was measured, in the unit of the threshold. */
    readonly value: number
    /** ms since the Unix epoch. */
    readonly at: number
  }
}

/** A trigger and what it has done, as `GET /v1/triggers` shows it. */
export interface TriggerStatus extends TriggerSpec {
  readonly id: string
  /** ms since the Unix epoch. */
  readonly createdAt: number
  /** The directory that is used. */
  readonly directory: string
  /** Threads that it watches at the moment. */
  readonly threads: number
  /** Names of the threads that do not tell what it watches: without a meter file there are no heap figures. */
  readonly unknown: readonly string[]
  /** How often it has captured. */
  readonly captured: number
  /** How many captures or parts of them failed. */
  readonly failed: number
  /** How often its condition was met and it did not capture, for it had just done so. */
  readonly suppressed: number
  /**
   * How often it looked and wrote nothing, for the thread waited in `Atomics.wait()` where one was found
   * waiting before: as workers of pools do that have nothing to do.
   */
  readonly resting: number
  /** Files that it removed to keep within its bounds. */
  readonly removed: number
  /** The last failure. */
  readonly lastFailure: string | null
  /** The last captures, at most 20, the oldest first. */
  readonly recent: readonly TriggeredCapture[]
}

/** A trigger that is set. */
export interface Trigger {
  readonly id: string
  /** Takes it away. What it is capturing is still written. Idempotent. */
  stop(): Promise<void>
  /** What it captured last, at most 20, the oldest first. */
  captures(): Promise<readonly TriggeredCapture[]>
}
