import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { statFields } from './task-reader.js'

/** What the kernel says of a whole process. NaN where it does not say. */
export interface ProcessFigures {
  /** µs, to 10 ms. */
  user: number
  system: number
  residentBytes: number
  virtualBytes: number
  heapBytes: number
  openFds: number
  maxFds: number
}

const KIB = 1024
const MICROS_PER_TICK = 1e4
const TICKS_PER_SECOND = 100

const STAT = { state: 0, user: 11, system: 12, threads: 17, start: 19 } as const

/** The fields of a process's stat file; undefined when it is gone or hidden. */
export function readProcessStat(pid: number): string[] | undefined {
  try {
    return statFields(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return undefined
  }
}

/** When a process started, in clock ticks after boot; NaN when it is gone or hidden. */
export const processStartOf = (pid: number): number =>
  Number(readProcessStat(pid)?.[STAT.start] ?? Number.NaN)

/** Only the CPU time of `stat`, in µs. */
export function cpuOfStat(stat: readonly string[]): { user: number; system: number } {
  return {
    user: Number(stat[STAT.user]) * MICROS_PER_TICK,
    system: Number(stat[STAT.system]) * MICROS_PER_TICK,
  }
}

export const startOfStat = (stat: readonly string[]): number => Number(stat[STAT.start])

/** Whether all of its threads have ended: the first may end before the others. */
export const isOver = (stat: readonly string[]): boolean =>
  /[ZX]/.test(stat[STAT.state] as string) && Number(stat[STAT.threads]) <= 1

/** Whether there is such a process, though its files may be hidden. */
export function exists(pid: number): boolean {
  // To kill(2), 0 is the group of the caller.
  if (pid === 0) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

let boot: number | undefined

/** When the machine was booted, in seconds since the Unix epoch: always the same number. */
function bootSeconds(): number {
  if (boot === undefined) {
    try {
      const text = readFileSync('/proc/stat', 'latin1')
      boot = Number(/^btime (\d+)/m.exec(text)?.[1] ?? Number.NaN)
    } catch {
      boot = Number.NaN
    }
  }
  return boot
}

/** Clock ticks after boot as seconds since the Unix epoch, to a second. */
export const epochSeconds = (ticks: number): number => bootSeconds() + ticks / TICKS_PER_SECOND

function numberIn(text: string, name: string): number {
  const at = text.indexOf(`\n${name}:`)
  return at < 0 ? Number.NaN : Number.parseInt(text.slice(at + name.length + 2), 10)
}

const tryRead = (path: string): string => {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** From Linux 6.2 on the folder's size is the number of open files; before, it is 0. */
function countFds(pid: number): number {
  try {
    const { size } = statSync(`/proc/${pid}/fd`)
    return size > 0 ? size : readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return Number.NaN
  }
}

function maxFds(pid: number): number {
  const soft = /^Max open files +(\S+)/m.exec(tryRead(`/proc/${pid}/limits`))?.[1]
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft ?? Number.NaN)
}

/** Fills in all that is not CPU time. About 50 µs. */
export function readProcessFigures(pid: number, into: ProcessFigures): void {
  const status = tryRead(`/proc/${pid}/status`)
  into.residentBytes = numberIn(status, 'VmRSS') * KIB
  into.virtualBytes = numberIn(status, 'VmSize') * KIB
  into.heapBytes = numberIn(status, 'VmData') * KIB
  into.openFds = countFds(pid)
  into.maxFds = maxFds(pid)
}

// Options of Node whose value is the next argument.
const TAKES_VALUE =
  /^(?:-[rC]|--(?:require|import|loader|experimental-loader|conditions|title|icu-data-dir|env-file))$/
const HAS_NO_SCRIPT = /^(?:-e|-p|-pe|--eval|--print)$/

/** The script among the arguments of Node; undefined for none, as with `--eval`. */
function scriptOf(args: readonly string[]): string | undefined {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string
    if (HAS_NO_SCRIPT.test(arg)) return undefined
    if (TAKES_VALUE.test(arg)) i++
    else if (arg !== '' && !arg.startsWith('-')) return arg
  }
  return undefined
}

/** What a process runs, to show to people: its command without the path of the interpreter. */
export function programOf(pid: number): string {
  const [command = '', ...args] = tryRead(`/proc/${pid}/cmdline`).split('\0')
  const base = command.slice(command.lastIndexOf('/') + 1)
  const script = /^(node|nodejs)$/.test(base) ? scriptOf(args) : undefined
  return script ?? (base || commOf(pid))
}

const commOf = (pid: number): string => tryRead(`/proc/${pid}/comm`).trimEnd()

/** The inode of this process's PID namespace; NaN where it is not known. */
export function ownPidNamespace(): number {
  try {
    return Number(/\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? Number.NaN)
  } catch {
    return Number.NaN
  }
}
