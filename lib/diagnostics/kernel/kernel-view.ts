import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { readTask, TASK, TASK_FLAG } from '../../observer/outside/task-reader.js'
import type { KernelView } from '../model.js'
import { systemCallOf } from './system-calls.js'

interface Figures {
  readonly state: string
  /** NaN where the kernel keeps none. */
  readonly cpuNs: number
  readonly runDelayNs: number
  readonly atNs: number
}

function figuresOf(pid: number, tid: number): Figures | undefined {
  const figures = readTask(pid, tid, TASK_FLAG.stat)
  if (figures === undefined) return undefined
  return {
    state: String.fromCharCode(figures[TASK.state] as number),
    cpuNs: figures[TASK.cpu] as number,
    runDelayNs: figures[TASK.runDelay] as number,
    atNs: performance.now() * 1e6,
  }
}

function textOf(pid: number, tid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/task/${tid}/${file}`, 'latin1').trim()
  } catch {
    // Hidden from whoever may not trace the process, and not built into every kernel.
    return undefined
  }
}

function syscallOf(pid: number, tid: number): string | null {
  const line = textOf(pid, tid, 'syscall')
  return line === undefined ? null : systemCallOf(line)
}

function wchanOf(pid: number, tid: number): string | null {
  const name = textOf(pid, tid, 'wchan')
  // `0`: it waits in none, or the kernel hides where.
  return name === undefined || name === '' || name === '0' ? null : name
}

const UNKNOWN: KernelView = { state: null, syscall: null, wchan: null, cpu: null, runDelay: null }

const share = (from: number, to: number, spanNs: number): number | null =>
  spanNs > 0 && to >= from ? (to - from) / spanNs : null

/** A wait for a processor is counted when it ends, also what of it lies before. */
const atMostAll = (shareOfTime: number | null): number | null =>
  shareOfTime === null ? null : Math.min(shareOfTime, 1)

/**
 * What the kernel says of a thread. State, system call and place are of the moment of the call, before it
 * returns; CPU utilization and run delay are of the `overMs` from then on. All is null for a thread that is
 * gone, hidden or not known by its tid, `cpu` and `runDelay` as well when it ends meanwhile.
 */
export async function kernelView(
  pid: number,
  tid: number | null,
  overMs = 100,
): Promise<KernelView> {
  if (tid === null) return UNKNOWN
  const before = figuresOf(pid, tid)
  if (before === undefined) return UNKNOWN
  const moment = {
    state: before.state,
    syscall: syscallOf(pid, tid),
    wchan: wchanOf(pid, tid),
  }
  await sleep(overMs)
  const after = figuresOf(pid, tid)
  if (after === undefined) return { ...moment, cpu: null, runDelay: null }
  const spanNs = after.atNs - before.atNs
  return {
    ...moment,
    cpu: share(before.cpuNs, after.cpuNs, spanNs),
    runDelay: atMostAll(share(before.runDelayNs, after.runDelayNs, spanNs)),
  }
}
