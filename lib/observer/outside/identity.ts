import { readFileSync } from 'node:fs'
import type { ThreadRole } from '../../cpu/roles.js'
import type { ThreadHeader } from './meters.js'

/** Who a thread is. */
export interface OutsideIdentity {
  readonly threadId: number | null
  /** What its counters are told apart by, bounded in number by who chose it. */
  readonly label: string
  /** For people. */
  readonly name: string
  readonly role: ThreadRole
}

// Kernel names that Node and libuv give to their own threads, as in native/roles.cc.
const KNOWN_NAMES: readonly (readonly [string, ThreadRole])[] = [
  ['V8Worker', 'v8'],
  ['DelayedTaskSche', 'v8'],
  ['libuv-worker', 'libuv'],
  ['SignalInspector', 'inspector'],
  ['InspectorIo', 'inspector'],
  ['WorkerThread', 'worker'],
  // That of threadmeter itself, as far as the kernel keeps it.
  ['threadmeter-obs', 'observer'],
]

/** In the order of the header's `kind`. */
const KIND_ROLES: readonly ThreadRole[] = ['main', 'worker', 'observer']

/** Who a thread says it is in its meter file. */
export function identityOfHeader(header: ThreadHeader): OutsideIdentity {
  const role = KIND_ROLES[header.kind] ?? 'worker'
  // The observer's own threads count under their role, as other helpers do.
  const label = role === 'worker' ? header.label : role
  return { threadId: header.threadId, label, name: header.name || label, role }
}

/** The kernel's name of a thread; empty when it cannot be read. */
export function readComm(pid: number, tid: number): string {
  try {
    return readFileSync(`/proc/${pid}/task/${tid}/comm`, 'utf8').slice(0, -1)
  } catch {
    return ''
  }
}

/**
 * Who a thread is by its kernel name alone.
 *
 * @param first the kernel name of the process's first thread, which others inherit: then it tells nothing
 */
export function identityOfComm(comm: string, first: string, isFirst: boolean): OutsideIdentity {
  if (isFirst) return { threadId: null, label: 'main', name: 'main', role: 'main' }
  const role = KNOWN_NAMES.find(([part]) => comm.includes(part))?.[1] ?? 'other'
  const label = comm === first || comm === '' ? role : comm
  return { threadId: null, label, name: comm === '' ? role : comm, role }
}
