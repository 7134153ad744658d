import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { HEADER, MAGIC } from './layout.js'
import { lifeOfProcess, ownProcess, type ProcessIdentity, processText } from './liveness.js'

// A FIFO of that name must not make its reader wait.
const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants

const SLOT_NAME = /^slot-(\d+)$/
const PROCESS_TEXT = /^(\d+)-(\d+)-(\d+)$/

/** A member of a runtime directory and the number that it has there. */
interface Member {
  readonly slot: number
  readonly process: ProcessIdentity
}

const pathOf = (dir: string, slot: number): string => join(dir, `slot-${slot}`)

function parse(text: string): ProcessIdentity | undefined {
  const [, pid, processStart, pidNamespace] = PROCESS_TEXT.exec(text) ?? []
  if (pid === undefined) return undefined
  return {
    pid: Number(pid),
    processStart: Number(processStart),
    pidNamespace: Number(pidNamespace),
  }
}

const isOwn = (process: ProcessIdentity): boolean =>
  processText(process) === processText(ownProcess())

function memberOf(dir: string, slot: number): Member | undefined {
  try {
    const process = parse(readlinkSync(pathOf(dir, slot)))
    return process && { slot, process }
  } catch {
    // Cleaned in the meantime.
    return undefined
  }
}

/** The numbers that are taken; a link that says nothing keeps its number. */
function takenSlots(dir: string): number[] {
  return readdirSync(dir)
    .flatMap((name) => SLOT_NAME.exec(name)?.[1] ?? [])
    .map(Number)
}

const membersOf = (dir: string): Member[] =>
  takenSlots(dir).flatMap((slot) => memberOf(dir, slot) ?? [])

/** The number that this process has in `dir`, through whichever of its threads. */
export const ownSlot = (dir: string): number | undefined =>
  membersOf(dir).find(({ process }) => isOwn(process))?.slot

/** Frees the numbers of the dead: only under the lock, so that no two processes take the same one. */
export function freeSlotsOfDead(dir: string): void {
  for (const { slot, process } of membersOf(dir)) {
    if (!mayLive(process)) unlinkSync(pathOf(dir, slot))
  }
}

/** A link comes into being with its text, at once or not at all: no other process sees it half made. */
function take(dir: string, slot: number): boolean {
  try {
    symlinkSync(processText(ownProcess()), pathOf(dir, slot))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    // Another thread of this process may have been quicker.
    return ownSlot(dir) === slot
  }
}

/** The lowest number that nobody has, made this process's own. */
export function takeSlot(dir: string): number {
  const taken = new Set(takenSlots(dir))
  for (let slot = 0; ; slot++) {
    if (!taken.has(slot) && take(dir, slot)) return slot
  }
}

const header = Buffer.alloc(HEADER.pidNamespace + 8)

/** Who writes the file by its header; undefined where there is none yet. */
export function writerOf(path: string): ProcessIdentity | undefined {
  const fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
  try {
    const complete = readSync(fd, header, 0, header.length, 0) === header.length
    if (!complete || header.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined
    return {
      pid: header.readDoubleLE(HEADER.pid),
      processStart: header.readDoubleLE(HEADER.processStart),
      pidNamespace: header.readDoubleLE(HEADER.pidNamespace),
    }
  } finally {
    closeSync(fd)
  }
}

/** Whose number or meter file, finished or not, an entry of `dir` is; undefined for others. */
export function memberBehind(dir: string, name: string): ProcessIdentity | undefined {
  const slot = SLOT_NAME.exec(name)?.[1]
  if (slot !== undefined) return memberOf(dir, Number(slot))?.process
  if (!name.endsWith('.meter')) return undefined
  try {
    return writerOf(join(dir, name))
  } catch {
    return undefined
  }
}

/** Whether a process still runs, or may run where nobody here can tell. */
export type MayLive = (process: ProcessIdentity) => boolean

export const mayLive: MayLive = (process) => lifeOfProcess(process) !== 'dead'

/** The same, as seen from a process that is about to end. */
export const mayOutlive: MayLive = (process) => !isOwn(process) && mayLive(process)

/** Whether a process that has joined `dir` may live. */
export function hasLiveMembers(dir: string, isAlive: MayLive): boolean {
  // Numbers come first: there is one for each process, and it is read sooner.
  const names = readdirSync(dir).sort((a, b) => (a < b ? 1 : -1))
  return names.some((name) => {
    const member = memberBehind(dir, name)
    return member !== undefined && isAlive(member)
  })
}
