import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import * as workerThreads from 'node:worker_threads'
import { isMainThread, threadId } from 'node:worker_threads'
import type { Native } from '../native.js'
import { KIND } from './layout.js'
import type { HeaderFields } from './layout-header.js'
import { ownProcess } from './liveness.js'
import { labelOf } from './thread-name.js'

// Workers that were given no name may carry this one.
const UNNAMED = 'WorkerThread'

// Names of scripts that say less than their directory's.
const COMMON_SCRIPT = /^(?:index|main|app|server|cli)\.\w+$/

/** Where Node does not tell the `name` option, what `setThreadName()` set. */
function registeredName(native: Native, tid: number): string {
  native.look(new Float64Array(0), 0, 0, 0)
  return native.identities().find(([, other]) => other === tid)?.[6] ?? ''
}

function ownName(native: Native, tid: number): string {
  if (isMainThread) return 'main'
  const given = (workerThreads as { threadName?: string | null }).threadName ?? ''
  if (given !== '' && given !== UNNAMED) return given
  return registeredName(native, tid) || `worker-${threadId}`
}

/** Clock ticks after boot at which the calling thread began, field 22 of proc_pid_stat(5). */
function ownStart(): number {
  const text = readFileSync('/proc/thread-self/stat', 'latin1')
  // The name of a task may hold blanks and parentheses: the fields begin behind the last one.
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ', 20)[19])
}

function ownProgram(): string {
  const script = process.argv[1] ?? process.execPath
  const name = basename(script)
  return COMMON_SCRIPT.test(name) ? join(basename(dirname(script)), name) : name
}

/** What the header of a meter file says about the calling thread. */
export function ownIdentity(native: Native, processSlot: number): HeaderFields {
  const { pid, processStart, pidNamespace } = ownProcess()
  const tid = native.gettid()
  const name = ownName(native, tid)
  return {
    kind: isMainThread ? KIND.main : KIND.worker,
    pid,
    processStart,
    tid,
    threadStart: ownStart(),
    threadId,
    pidNamespace,
    createdAt: Date.now(),
    processSlot,
    label: labelOf(name, threadId),
    name,
    nodeVersion: process.version,
    program: ownProgram(),
  }
}
