import { closeSync, openSync, readlinkSync, readSync, statSync } from 'node:fs'

/** 'unknown': from here nobody can tell, so it has to be taken for alive. */
export type Life = 'alive' | 'dead' | 'unknown'

/** A process by its pid and by what tells it from an earlier one of that pid. */
export interface ProcessIdentity {
  readonly pid: number
  /** Clock ticks after boot, field 22 of /proc/<pid>/stat. */
  readonly processStart: number
  /** Inode of its /proc/self/ns/pid; 0 where it could not be read. */
  readonly pidNamespace: number
}

export interface ThreadIdentity extends ProcessIdentity {
  readonly tid: number
  readonly threadStart: number
}

// The whole file is below 350 bytes for every value that its fields can take.
const buffer = Buffer.alloc(1024)

interface Stat {
  readonly state: string
  readonly start: number
}

/** Undefined where there is no such task; throws where /proc refuses to say. */
function readStat(path: string): Stat | undefined {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const text = buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, 0))
    // The name of a task may hold blanks and parentheses: the fields begin behind the last one.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 20)
    return { state: fields[0] as string, start: Number(fields[19]) }
  } catch (error) {
    // Where a task ends between open and read, the kernel knows no such process.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined
    throw error
  } finally {
    closeSync(fd)
  }
}

interface Self extends ProcessIdentity {
  /** Why /proc says nothing about the pids of this process; '' where it does. */
  readonly reason: string
}

let known: Self | undefined

function lookAtSelf(): Self {
  const { pid } = process
  try {
    // A /proc of another PID namespace numbers processes in its own way.
    const numbered = Number(readlinkSync('/proc/self'))
    const reason = numbered === pid ? '' : '/proc belongs to another PID namespace'
    const processStart = readStat('/proc/self/stat')?.start ?? 0
    return { pid, processStart, pidNamespace: statSync('/proc/self/ns/pid').ino, reason }
  } catch (error) {
    return { pid, processStart: 0, pidNamespace: 0, reason: (error as Error).message }
  }
}

/** This process, and whether /proc can be asked about others. */
export function ownProcess(): Self {
  known ??= lookAtSelf()
  return known
}

/** A process as text without blanks. */
export const processText = ({ pid, processStart, pidNamespace }: ProcessIdentity): string =>
  `${pid}-${processStart}-${pidNamespace}`

// Zombies run no code any more, whether or not their parent has asked for them.
const isGone = (stat: Stat | undefined, start: number): boolean =>
  stat === undefined || stat.start !== start || stat.state === 'Z' || stat.state === 'X'

function judge(path: string, start: number, pidNamespace: number): Life {
  const self = ownProcess()
  if (self.reason !== '' || pidNamespace !== self.pidNamespace) return 'unknown'
  try {
    return isGone(readStat(path), start) ? 'dead' : 'alive'
  } catch {
    return 'unknown'
  }
}

/** Whether a process still runs. Never throws. Cost: 4 to 14 µs. */
export function lifeOfProcess({ pid, processStart, pidNamespace }: ProcessIdentity): Life {
  return judge(`/proc/${pid}/stat`, processStart, pidNamespace)
}

/** Whether a thread still runs, whose process may have ended or be ending. Never throws. */
export function lifeOfThread({ pid, tid, threadStart, pidNamespace }: ThreadIdentity): Life {
  return judge(`/proc/${pid}/task/${tid}/stat`, threadStart, pidNamespace)
}
