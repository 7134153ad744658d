import { readdirSync, readFileSync } from 'node:fs'
import { Counter } from '../metrics/counter.js'
import { Gauge } from '../metrics/gauge.js'
import type { DefaultMetrics } from './default-metric.js'
import { isForObservers } from './for-observers.js'

// What is true of the process is the same in each of its threads, and never summed over them: an observer
// shows these families for each process, read from outside, and never looks at those of a thread.
const OF_PROCESS = { aggregator: 'omit' } as const

const MICROS_PER_SECOND = 1e6
const BYTES_PER_KIB = 1024

export function processCpuTotal({ describe, labels }: DefaultMetrics): void {
  const user = new Counter<string>({
    ...describe('process_cpu_user_seconds_total', 'Total user CPU time spent in seconds.'),
    ...OF_PROCESS,
    collect: add,
  })
  const system = new Counter<string>({
    ...describe('process_cpu_system_seconds_total', 'Total system CPU time spent in seconds.'),
    ...OF_PROCESS,
  })
  const all = new Counter<string>({
    ...describe('process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.'),
    ...OF_PROCESS,
  })
  let last = { user: 0, system: 0 }
  function add(): void {
    const usage = process.cpuUsage()
    // Node divides a total whose parts the kernel estimates: one part may stand still, none goes back.
    const userMicros = Math.max(0, usage.user - last.user)
    const systemMicros = Math.max(0, usage.system - last.system)
    last = usage
    user.inc(labels, userMicros / MICROS_PER_SECOND)
    system.inc(labels, systemMicros / MICROS_PER_SECOND)
    all.inc(labels, (userMicros + systemMicros) / MICROS_PER_SECOND)
  }
}

export function processStartTime({ describe, labels }: DefaultMetrics): void {
  const startSeconds = Math.round(Date.now() / 1000 - process.uptime())
  new Gauge<string>({
    ...describe(
      'process_start_time_seconds',
      'Start time of the process since unix epoch in seconds.',
    ),
    ...OF_PROCESS,
    collect() {
      this.set(labels, startSeconds)
    },
  })
}

/** A line of /proc/self/status in bytes, or undefined. */
function statusBytes(status: string, name: string): number | undefined {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]
  return kib === undefined ? undefined : Number(kib) * BYTES_PER_KIB
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

export function osMemoryHeap({ describe, labels }: DefaultMetrics): void {
  const gauge = (name: string, help: string, collect?: () => void): Gauge<string> =>
    new Gauge<string>({ ...describe(name, help), ...OF_PROCESS, collect })
  const resident = gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', read)
  if (readText('/proc/self/status') === undefined) return
  const virtual = gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.')
  const heap = gauge('process_heap_bytes', 'Process heap size in bytes.')
  const lines = [
    [resident, 'VmRSS'],
    [virtual, 'VmSize'],
    [heap, 'VmData'],
  ] as const
  function read(): void {
    if (isForObservers()) return
    const status = readText('/proc/self/status')
    if (status === undefined) {
      resident.set(labels, process.memoryUsage.rss())
      return
    }
    for (const [one, name] of lines) {
      const bytes = statusBytes(status, name)
      if (bytes !== undefined) one.set(labels, bytes)
    }
  }
}

export function processOpenFileDescriptors({ describe, labels }: DefaultMetrics): void {
  if (process.platform !== 'linux') return
  new Gauge<string>({
    ...describe('process_open_fds', 'Number of open file descriptors.'),
    ...OF_PROCESS,
    collect() {
      if (isForObservers()) return
      try {
        // Without the one with which the directory was read.
        this.set(labels, readdirSync('/proc/self/fd').length - 1)
      } catch {
        // Not to be had at this moment: what was seen last stays.
      }
    },
  })
}

export function processMaxFileDescriptors({ describe, labels }: DefaultMetrics): void {
  const limit = /^Max open files\s+(\d+|unlimited)/m.exec(readText('/proc/self/limits') ?? '')?.[1]
  if (limit === undefined) return
  const most = limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit)
  new Gauge<string>({
    ...describe('process_max_fds', 'Maximum number of open file descriptors.'),
    ...OF_PROCESS,
    collect() {
      this.set(labels, most)
    },
  })
}
