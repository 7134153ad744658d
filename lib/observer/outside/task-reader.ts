import { readFileSync } from 'node:fs'
import { native, scratch } from '../../native.js'

/** Where the figures of {@link readTask} are; what was not read is NaN. */
export const TASK = {
  /** ns. */
  cpu: 0,
  /** ns. */
  runDelay: 1,
  timeslices: 2,
  /** Clock ticks after boot. */
  start: 3,
  /** Clock ticks. */
  user: 4,
  system: 5,
  /** Character code. */
  state: 6,
  processor: 7,
  voluntary: 8,
  involuntary: 9,
  length: 10,
} as const

/** What is read beside `schedstat`. */
export const TASK_FLAG = { stat: 1, status: 2 } as const

/** Reads one thread of any process; undefined when it is gone or hidden. Read the figures at once. */
export type TaskReader = (pid: number, tid: number, flags: number) => Float64Array | undefined

const figures = new Float64Array(TASK.length)

const contextSwitches = (status: string, kind: string): number => {
  const at = status.indexOf(`\n${kind}_ctxt_switches:`)
  return at < 0 ? Number.NaN : Number.parseInt(status.slice(status.indexOf(':', at) + 1), 10)
}

function readSchedstat(folder: string): boolean {
  try {
    const [cpu, delay, slices] = readFileSync(`${folder}schedstat`, 'latin1').split(' ')
    figures[TASK.cpu] = Number(cpu)
    figures[TASK.runDelay] = Number(delay)
    figures[TASK.timeslices] = Number(slices)
    return true
  } catch {
    return false
  }
}

/** The fields of a stat file from the third on: the name before them may hold anything, also `)`. */
export const statFields = (text: string): string[] =>
  text.slice(text.lastIndexOf(')') + 2).split(' ')

// proc_pid_stat(5) counts from 1, and two fields are cut off.
const STAT = { state: 0, user: 11, system: 12, start: 19, processor: 36 } as const

// USER_HZ, which the kernel shows its ticks in, is 100 on every architecture that Node runs on.
const NS_PER_TICK = 1e7

function readStat(folder: string): void {
  const fields = statFields(readFileSync(`${folder}stat`, 'latin1'))
  figures[TASK.state] = (fields[STAT.state] as string).charCodeAt(0)
  figures[TASK.user] = Number(fields[STAT.user])
  figures[TASK.system] = Number(fields[STAT.system])
  figures[TASK.start] = Number(fields[STAT.start])
  figures[TASK.processor] = Number(fields[STAT.processor])
}

/**
 * The reader for hosts without the addon: several times as dear. A kernel that keeps no schedstat gives the CPU
 * time in clock ticks, and no run delay.
 */
export const readTaskFiles: TaskReader = (pid, tid, flags) => {
  const folder = `/proc/${pid}/task/${tid}/`
  figures.fill(Number.NaN)
  const known = readSchedstat(folder)
  try {
    if (!known || flags & TASK_FLAG.stat) readStat(folder)
    if (!known) {
      const ticks = (figures[TASK.user] as number) + (figures[TASK.system] as number)
      figures[TASK.cpu] = ticks * NS_PER_TICK
    }
    if (flags & TASK_FLAG.status) {
      const status = readFileSync(`${folder}status`, 'latin1')
      figures[TASK.voluntary] = contextSwitches(status, 'voluntary')
      figures[TASK.involuntary] = contextSwitches(status, 'nonvoluntary')
    }
    return figures
  } catch {
    return undefined
  }
}

/** The reader of this host. */
export const readTask: TaskReader =
  typeof native?.taskFigures === 'function'
    ? (pid, tid, flags) => (native?.taskFigures(pid, tid, flags) ? scratch : undefined)
    : readTaskFiles
