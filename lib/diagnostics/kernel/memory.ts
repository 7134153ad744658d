import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MemoryLimit, memoryLimits } from './cgroup.js'

/** What the machine as a whole could still give, as proc_meminfo(5) estimates it. */
function machineMemory(root: string): MemoryLimit[] {
  const source = join(root, '/proc/meminfo')
  try {
    const text = readFileSync(source, 'latin1')
    const kibibytes = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1])
    const limitBytes = kibibytes('MemTotal') * 1024
    const availableBytes = kibibytes('MemAvailable') * 1024
    return Number.isNaN(availableBytes) ? [] : [{ source, limitBytes, availableBytes }]
  } catch {
    return []
  }
}

/**
 * The tightest limit on what a process can still allocate, of the machine and of the control groups around
 * the process; undefined where nothing can be read. Swap is not counted: a thread that is paged out while
 * its heap is walked stands still for minutes.
 */
export function tightestMemory(pid: number | 'self' = 'self', root = '/'): MemoryLimit | undefined {
  const limits = [...machineMemory(root), ...memoryLimits(pid, root)]
  return limits.reduce<MemoryLimit | undefined>(
    (least, limit) =>
      least === undefined || limit.availableBytes < least.availableBytes ? limit : least,
    undefined,
  )
}

/** What a heap snapshot is expected to take. */
export interface SnapshotNeeds {
  /** Memory of the process on top of what it has, while the snapshot is made. */
  readonly memoryBytes: number
  readonly fileBytes: number
  /** How long the thread stands still. */
  readonly pauseSeconds: number
}

// Measured with Node 20 to 26 on heaps of 30 to 300 MB, relative to the heap in use. V8 keeps a record of
// each object and each reference, so what counts is how small and how well connected objects are: 0.1 for
// long strings and arrays of numbers, 5 to 10 for parsed JSON, small objects, arrays, maps and short strings,
// 14 to 16 for closures, 20 for nothing but references. Buffers are outside of the heap and add nothing.
// The factor is the top of what programs are made of: whoever knows better can force it.
const MEMORY_PER_HEAP = 10

// 0.1 to 2.5, and 4.2 for nothing but references.
const FILE_PER_HEAP = 2.5

// 3.5 to 8 s for 100 MB of all but strings and numbers, 10 s for nothing but references.
const HEAP_BYTES_PER_SECOND = 2e7

/** What a snapshot of a heap is expected to take at most, by the bytes of it that are in use. */
export const snapshotNeeds = (heapBytes: number): SnapshotNeeds => ({
  memoryBytes: heapBytes * MEMORY_PER_HEAP,
  fileBytes: heapBytes * FILE_PER_HEAP,
  pauseSeconds: heapBytes / HEAP_BYTES_PER_SECOND,
})
