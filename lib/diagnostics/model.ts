/** The shapes that captures have wherever they are handed on: in the process, over the socket, in files. */

/** Which thread: its threadId, its name, or `main`. */
export type ThreadTarget = number | string

export const CAPTURE_KINDS = [
  'stack',
  'cpu-profile',
  'heap-profile',
  'heap-snapshot',
  'gc-profile',
] as const

export type CaptureKind = (typeof CAPTURE_KINDS)[number]

/** Who a thread is. */
export interface CapturedThread {
  readonly pid: number
  /** Null for a worker without threadmeter that has not been reached yet: only it can tell. */
  readonly tid: number | null
  readonly threadId: number
  readonly name: string
  readonly role: 'main' | 'worker'
}

/** One call of a stack, innermost first in lists. Lines and columns count from 1. */
export interface StackFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
  readonly columnNumber: number
}

/** What the kernel tells of a thread at a moment; null for what it does not tell here. */
export interface KernelView {
  /** Its letter: `R` runs or wants to, `S` sleeps, `D` waits for a device. proc_pid_stat(5). */
  readonly state: string | null
  /** The system call that it is in, such as `read`; null when it is in none. */
  readonly syscall: string | null
  /** The function of the kernel that it waits in. */
  readonly wchan: string | null
  /** CPU utilization in cores while it was looked at. */
  readonly cpu: number | null
  /** Share of that time that it was runnable without a processor. */
  readonly runDelay: number | null
}

/** What a thread used over a window, by the kernel's clocks; null for what cannot be had here. */
export interface ThreadWindow {
  /** ms since the Unix epoch. */
  readonly startedAt: number
  readonly seconds: number
  /** CPU time in seconds. */
  readonly cpuSeconds: number | null
  /** Seconds for which it was runnable without a processor. */
  readonly runDelaySeconds: number | null
  /** Share of the window in which its event loop did not wait for events. */
  readonly eventLoopUtilization: number | null
}

/** How a thread was reached: by the inspector, by an interrupt through the addon, over a debugging port. */
export type CaptureRoute = 'inspector' | 'interrupt' | 'port'

/** Why a capture ended before its time. */
export type PartialReason = 'thread ended' | 'process ended' | 'aborted'

/** What every capture says of itself; in files under the key `threadmeter`. */
export interface CaptureDetails {
  readonly kind: CaptureKind
  readonly thread: CapturedThread
  readonly program: string
  readonly route: CaptureRoute
  /** The exact stack at the start; empty when the thread was idle, null when it could not be had. */
  readonly stackAtStart: readonly StackFrame[] | null
  readonly window: ThreadWindow
  readonly partial: PartialReason | null
  readonly versions: {
    readonly threadmeter: string
    readonly node: string
    /** Name and version in the package.json next to the program. */
    readonly app: string | null
  }
}

/** What a thread does right now. */
export interface StackReport extends CaptureDetails {
  readonly kind: 'stack'
  /**
   * `javascript` while it runs any, `idle` while it waits in its event loop, `native` when no JavaScript can
   * be reached.
   */
  readonly state: 'javascript' | 'idle' | 'native'
  /**
   * Innermost first; empty unless `state` is `javascript`, and then, too, for a thread that was only found
   * between two functions, as between microtasks without end.
   */
  readonly frames: readonly StackFrame[]
  readonly kernel: KernelView
}

/** A node of V8's profiles; `callFrame` counts lines and columns from 0. */
export interface ProfileNode {
  readonly id: number
  readonly callFrame: {
    readonly functionName: string
    readonly scriptId: string
    readonly url: string
    readonly lineNumber: number
    readonly columnNumber: number
  }
  readonly hitCount?: number
  readonly children?: readonly number[]
  readonly deoptReason?: string
  readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[]
}

/**
 * A `.cpuprofile`, as V8 makes it: DevTools, VS Code and speedscope read it. Times in µs;
 * `timeDeltas[i]` is the time before sample `i`.
 */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly startTime: number
  readonly endTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
  readonly threadmeter: CaptureDetails
}

export interface HeapProfileNode {
  readonly callFrame: ProfileNode['callFrame']
  readonly selfSize: number
  readonly id: number
  readonly children: readonly HeapProfileNode[]
}

/** A `.heapprofile`, as V8 makes it: what was allocated in the window and is still there, by stack. */
export interface HeapProfile {
  readonly head: HeapProfileNode
  readonly samples: readonly { size: number; nodeId: number; ordinal: number }[]
  readonly threadmeter: CaptureDetails
}

/** One garbage collection. */
export interface GarbageCollection {
  /** V8's name: `Scavenge`, `MarkSweepCompact`, `IncrementalMarking`, `ProcessWeakCallbacks`, .. */
  readonly kind: string
  /** ms since the Unix epoch, to within 0.1 s: V8 tells order and length, not when. */
  readonly startedAt: number
  /** ms that the thread stood still. */
  readonly pause: number
  /** Bytes of the V8 heap in use. */
  readonly heapUsedBefore: number
  readonly heapUsedAfter: number
  /** Bytes of the V8 heap. */
  readonly heapTotalBefore: number
  readonly heapTotalAfter: number
}

export interface GcProfile {
  readonly collections: readonly GarbageCollection[]
  readonly threadmeter: CaptureDetails
}

/** Where a heap snapshot lies, and what it is of. */
export interface HeapSnapshotFile {
  readonly path: string
  readonly bytes: number
  readonly threadmeter: CaptureDetails
}

/** What happens to a request until it is answered. */
export type ProgressEvent =
  /** Others of its kind are before it. */
  | { readonly event: 'queued'; readonly thread: CapturedThread; readonly ahead: number }
  /** The thread is in one native call: what is known of it; sent once, while it is waited for. */
  | { readonly event: 'blocked'; readonly thread: CapturedThread; readonly kernel: KernelView }
  /** The capture runs; `seconds` it will take, where that is known; a pause of the thread is expected. */
  | {
      readonly event: 'started'
      readonly thread: CapturedThread
      readonly seconds: number | null
      readonly expectedPauseSeconds: number | null
    }
  /** At most four a second. */
  | {
      readonly event: 'progress'
      readonly thread: CapturedThread
      readonly elapsedSeconds: number
      readonly bytes: number | null
    }

/** A thread of the process that can be asked for. */
export interface DiagnosticThread extends CapturedThread {
  /** CPU utilization in cores, run-queue delay and event loop utilization since the look before; null at first. */
  readonly cpu: number | null
  readonly runDelay: number | null
  readonly eventLoopUtilization: number | null
  readonly kernel: KernelView
}

/** A request as it goes from whoever asks to the helper. Defaults are filled in by {@link checkRequest}. */
export interface CaptureRequest {
  readonly kind: CaptureKind
  /** `all`: every thread that runs JavaScript, at once. */
  readonly thread: ThreadTarget | 'all'
  /** The window of profiles. Default 10. */
  readonly seconds: number
  /** CPU profile: µs between samples, default 1000. Heap profile: mean bytes between samples, default 524288. */
  readonly interval: number
  /** How many ms to wait for a thread that is in a native call. Default 0: refuse with what is known of it. */
  readonly wait: number
  /** Takes a heap snapshot where there seems to be too little memory. */
  readonly force: boolean
  /** Heap snapshots: the directory to write to; otherwise a private one that is emptied after the answer. */
  readonly directory: string | null
}
