import { closeSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import { basename, isAbsolute, resolve } from 'node:path'
import { ThreadmeterError } from '../../errors.js'
import { exists, programOf } from '../../observer/outside/process-files.js'
import { appOf } from '../capture/app-version.js'

export const attachFailed = (pid: number, reason: string, cause?: unknown): ThreadmeterError =>
  new ThreadmeterError('ERR_THREADMETER_ATTACH_FAILED', [String(pid), reason], cause)

// signal(7): the bit of a signal in the masks of proc_pid_status(5) is that of its number less one.
const SIGUSR1_BIT = 1n << 9n

// What Node's inspector says as it begins to listen is in every executable that it is part of.
const MARK = Buffer.from('Debugger listening on ')
const CHUNK = 1024 * 1024

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** Takes about 30 ms for an executable of Node's size. */
function contains(path: string, mark: Buffer): boolean {
  const chunk = Buffer.alloc(CHUNK + mark.length)
  const fd = openSync(path, 'r')
  try {
    for (let kept = 0; ; ) {
      const read = readSync(fd, chunk, kept, CHUNK, null)
      if (read === 0) return false
      const filled = kept + read
      if (chunk.subarray(0, filled).includes(mark)) return true
      kept = Math.min(mark.length - 1, filled)
      chunk.copy(chunk, 0, filled - kept, filled)
    }
  } finally {
    closeSync(fd)
  }
}

/** Whether a process runs Node, under whatever name. */
export function isNode(pid: number): boolean {
  const name = basename(linkOf(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, '')
  if (/^node(?:js)?[\d.]*$/.test(name)) return true
  try {
    return contains(`/proc/${pid}/exe`, MARK)
  } catch {
    return false
  }
}

const sameNamespace = (pid: number, kind: string): boolean =>
  linkOf(`/proc/${pid}/ns/${kind}`) === linkOf(`/proc/self/ns/${kind}`)

/** A process of this user that runs Node, as /proc shows it. */
export class TargetProcess {
  readonly pid: number

  /** Throws ERR_THREADMETER_ATTACH_FAILED when there is no such process, or it cannot be attached to. */
  constructor(pid: number) {
    this.pid = pid
    if (!exists(pid)) throw attachFailed(pid, 'there is no such process')
    this.#checkOwner()
    if (!isNode(pid)) throw attachFailed(pid, 'it does not run Node.js')
    if (!sameNamespace(pid, 'net')) {
      const command = `nsenter --target ${pid} --net threadmeter attach ${pid}`
      throw attachFailed(
        pid,
        `its debugging port would open in another network namespace, which cannot be reached from here; ${command} may`,
      )
    }
  }

  get isGone(): boolean {
    return !/^State:\s+[^ZX\s]/m.test(this.#status)
  }

  /** As people know it. */
  get program(): string {
    const program = programOf(this.pid)
    const cwd = linkOf(`/proc/${this.pid}/cwd`)
    const isPath = program.includes('/') || /\.[cm]?[jt]s$/.test(program)
    return isPath && !isAbsolute(program) && cwd !== '' ? resolve(cwd, program) : program
  }

  /** Name and version in the package.json next to the program; null where it cannot be seen from here. */
  get app(): string | null {
    return sameNamespace(this.pid, 'mnt') ? appOf(this.program) : null
  }

  /** What Node was told in NODE_OPTIONS and on the command line, up to the program: the rest is for that. */
  get options(): readonly string[] {
    const [, ...all] = textOf(`/proc/${this.pid}/cmdline`).split('\0')
    const end = all.indexOf(programOf(this.pid))
    const args = end < 0 ? all : all.slice(0, end + 1)
    const environment = textOf(`/proc/${this.pid}/environ`).split('\0')
    const told = environment.find((entry) => entry.startsWith('NODE_OPTIONS=')) ?? ''
    return [...told.slice('NODE_OPTIONS='.length).split(/\s+/), ...args]
  }

  /** Whether it collects coverage, which it was told in its environment. */
  get collectsCoverage(): boolean {
    return /(?:^|\0)NODE_V8_COVERAGE=[^\0]/.test(textOf(`/proc/${this.pid}/environ`))
  }

  /** What keeps SIGUSR1 from opening the port; null for nothing. Unhandled, that signal kills. */
  get signalObstacle(): string | null {
    if (this.#mask('SigCgt') && !this.#mask('SigBlk')) return null
    const { options } = this
    if (options.includes('--disable-sigusr1')) return 'it was started with --disable-sigusr1'
    if (options.some((option) => /^--(?:experimental-)?permission$/.test(option))) {
      return 'it was started with --permission, under which Node.js opens no debugging port'
    }
    return this.#mask('SigBlk')
      ? 'it blocks SIGUSR1'
      : 'it does not handle SIGUSR1, which would end it; it may be starting yet'
  }

  /** Whether the main thread has started processes that run; true where the kernel does not tell. */
  get hasChildren(): boolean {
    try {
      const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'latin1')
      return children.trim() !== ''
    } catch {
      return true
    }
  }

  /** What a thread's id in the innermost PID namespace is here. */
  tidOf(inner: number, tids: readonly string[]): number | null {
    if (sameNamespace(this.pid, 'pid')) return inner
    const found = tids.find((tid) => {
      const status = textOf(`/proc/${this.pid}/task/${tid}/status`)
      return Number(/^NSpid:.*\s(\d+)$/m.exec(status)?.[1]) === inner
    })
    return found === undefined ? null : Number(found)
  }

  get #status(): string {
    return textOf(`/proc/${this.pid}/status`)
  }

  #mask(name: string): boolean {
    const mask = new RegExp(`^${name}:\\s+([0-9a-f]+)$`, 'm').exec(this.#status)?.[1]
    return mask !== undefined && (BigInt(`0x${mask}`) & SIGUSR1_BIT) !== 0n
  }

  #checkOwner(): void {
    const uid = Number(/^Uid:\s+\d+\s+(\d+)/m.exec(this.#status)?.[1] ?? Number.NaN)
    const own = process.geteuid?.()
    if (Number.isNaN(uid)) {
      throw attachFailed(this.pid, 'it belongs to another user, and /proc hides it from you')
    }
    if (uid !== own && own !== 0) {
      throw attachFailed(this.pid, `it belongs to user ${uid}: only that user can attach to it`)
    }
    if (linkOf(`/proc/${this.pid}/exe`) === '') {
      throw attachFailed(this.pid, 'it has ended, or this user may not look at it (ptrace(2))')
    }
  }
}
