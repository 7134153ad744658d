import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { type ProcessIdentity, processText } from '../../meter/liveness.js'
import { SOCKET_SUFFIX } from './protocol.js'

const SOCKET_NAME = /^(\d+)-(\d+)-(\d+)\.sock$/

export const socketName = (process: ProcessIdentity): string => processText(process) + SOCKET_SUFFIX

/** Whose socket an entry of a runtime directory is; undefined for everything else. */
export function processBehind(name: string): ProcessIdentity | undefined {
  const [, pid, processStart, pidNamespace] = SOCKET_NAME.exec(name) ?? []
  if (pid === undefined) return undefined
  return {
    pid: Number(pid),
    processStart: Number(processStart),
    pidNamespace: Number(pidNamespace),
  }
}

/** A process as it sees itself, looked at from here. */
export interface SeenProcess extends ProcessIdentity {
  readonly uid: number
  /** What stands before its paths: '' where they are those of this process. */
  readonly root: string
}

const INNER_PIDS = /^NSpid:(?:\s+\d+)*\s+(\d+)$/m
const START_FIELD = 19

function startOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[START_FIELD])
}

const isInSameMountNamespace = (pid: number): boolean =>
  readlinkSync(`/proc/${pid}/ns/mnt`) === readlinkSync('/proc/self/ns/mnt')

/**
 * What a process that this one can see calls itself: in a container it has another pid and other paths.
 * Undefined where there is none, or where it is somebody else's. See namespaces(7), proc_pid_root(5).
 */
export function lookAtProcess(pid: number): SeenProcess | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    return {
      pid: Number(INNER_PIDS.exec(status)?.[1] ?? pid),
      processStart: startOf(pid),
      pidNamespace: statSync(`/proc/${pid}/ns/pid`).ino,
      uid: Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1]),
      root: isInSameMountNamespace(pid) ? '' : `/proc/${pid}/root`,
    }
  } catch {
    return undefined
  }
}
