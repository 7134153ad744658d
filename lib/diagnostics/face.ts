import { tmpdir } from 'node:os'
import { captureAll, captureOne } from './ask.js'
import type {
  CaptureKind,
  CpuProfile,
  DiagnosticThread,
  GcProfile,
  HeapProfile,
  HeapSnapshotFile,
  StackReport,
  ThreadTarget,
} from './model.js'
import {
  type CaptureOptions,
  type CpuProfileOptions,
  type GcProfileOptions,
  type HeapProfileOptions,
  type HeapSnapshotOptions,
  requestFrom,
  type ThreadResult,
} from './options.js'
import { threadsBehind } from './sockets.js'

/** A capture of one thread, by default the main thread, or of all that run JavaScript. */
export interface Capture<Value, Options> {
  (thread: 'all', options?: Options): Promise<ThreadResult<Value>[]>
  (thread?: ThreadTarget, options?: Options): Promise<Value>
}

/** The captures of one process. */
export interface Diagnostics {
  readonly stack: Capture<StackReport, CaptureOptions>
  readonly cpuProfile: Capture<CpuProfile, CpuProfileOptions>
  readonly heapProfile: Capture<HeapProfile, HeapProfileOptions>
  readonly heapSnapshot: Capture<HeapSnapshotFile, HeapSnapshotOptions>
  readonly gcProfile: Capture<GcProfile, GcProfileOptions>
  threads(): Promise<readonly DiagnosticThread[]>
}

function captureOf<Value, Options extends CaptureOptions>(
  kind: CaptureKind,
  socket: () => string | Promise<string>,
): Capture<Value, Options> {
  const capture = async (
    thread: ThreadTarget = 'main',
    options: Options = {} as Options,
  ): Promise<Value | ThreadResult<Value>[]> => {
    const request = requestFrom(kind, thread, options)
    const take = thread === 'all' ? captureAll<Value> : captureOne<Value>
    return take(await socket(), request, options)
  }
  return capture as Capture<Value, Options>
}

/** A snapshot stays a file: it has the size of the heap. */
function snapshots(socket: () => string | Promise<string>): Diagnostics['heapSnapshot'] {
  const take = captureOf<HeapSnapshotFile, HeapSnapshotOptions>('heap-snapshot', socket)
  const capture = async (thread?: ThreadTarget, options: HeapSnapshotOptions = {}) => {
    // What is no object is refused with all that is wrong.
    const isUsable = typeof options === 'object' && options !== null
    const all = isUsable ? { ...options, directory: options.directory ?? tmpdir() } : options
    return take(thread as ThreadTarget, all)
  }
  return capture as Diagnostics['heapSnapshot']
}

/** The captures of the process whose socket `socket` finds. */
export const diagnosticsBy = (socket: () => string | Promise<string>): Diagnostics => ({
  stack: captureOf('stack', socket),
  cpuProfile: captureOf('cpu-profile', socket),
  heapProfile: captureOf('heap-profile', socket),
  heapSnapshot: snapshots(socket),
  gcProfile: captureOf('gc-profile', socket),
  threads: async () => threadsBehind(await socket()),
})
