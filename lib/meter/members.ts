import {
  closeSync,
  constants,
  lstatSync,
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
import { isHeld } from './locks.js'

// A FIFO of that name must not make its reader wait.
const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants

const SLOT_NAME = /^slot-(\d+)$/
const PROCESS_TEXT = /^(\d+)-(\d+)-(\d+)$/

/** Something in a runtime directory that a process left or keeps there: its number or a meter file. */
interface Member {
  readonly process: ProcessIdentity
  /** Whether it looks alive to one who cannot see its pid. */
  isHeld(): boolean
}

interface NumberedMember extends Member {
  readonly slot: number
}

// A process takes its number before it has a meter file: so long it may need for that.
const JOINS_WITHIN_MS = 60_000

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

function memberOf(dir: string, slot: number): NumberedMember | undefined {
  try {
    const process = parse(readlinkSync(pathOf(dir, slot)))
    return process && { slot, process, isHeld: () => isNumberHeld(dir, slot, process) }
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

function isNumberHeld(dir: string, slot: number, process: ProcessIdentity): boolean {
  const link = lstatSync(pathOf(dir, slot), { throwIfNoEntry: false })
  if (link !== undefined && Date.now() - link.mtimeMs < JOINS_WITHIN_MS) return true
  const text = processText(process)
  return readdirSync(dir).some((name) => {
    const writer = meterFileBehind(dir, name)
    return writer !== undefined && processText(writer.process) === text && writer.isHeld()
  })
}

const membersOf = (dir: string): NumberedMember[] =>
  takenSlots(dir).flatMap((slot) => memberOf(dir, slot) ?? [])

/** The number that this process has in `dir`, through whichever of its threads. */
export const ownSlot = (dir: string): number | undefined =>
  membersOf(dir).find(({ process }) => isOwn(process))?.slot

/** The processes that have joined, by number, but for the numbers in `known`. None without a directory. */
export function numberedProcesses(
  dir: string,
  known: ReadonlySet<number>,
): { slot: number; process: ProcessIdentity }[] {
  try {
    return takenSlots(dir)
      .filter((slot) => !known.has(slot))
      .flatMap((slot) => memberOf(dir, slot) ?? [])
  } catch {
    return []
  }
}

/** Frees the numbers of the dead: only under the lock, so that no two processes take the same one. */
export function freeSlotsOfDead(dir: string): void {
  for (const member of membersOf(dir)) {
    if (!mayLive(member)) unlinkSync(pathOf(dir, member.slot))
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

/** A number that nobody has, made this process's own: `preferred`, else the lowest. */
export function takeSlot(dir: string, preferred?: number): number {
  const taken = new Set(takenSlots(dir))
  if (preferred !== undefined && !taken.has(preferred) && take(dir, preferred)) return preferred
  for (let slot = 0; ; slot++) {
    if (!taken.has(slot) && take(dir, slot)) return slot
  }
}

const header = Buffer.alloc(HEADER.locked + 4)

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

function meterFileBehind(dir: string, name: string): Member | undefined {
  if (!name.endsWith('.meter')) return undefined
  const path = join(dir, name)
  try {
    const process = writerOf(path)
    if (process === undefined) return undefined
    const isLocked = header.readUInt32LE(HEADER.locked) !== 0
    return { process, isHeld: () => !isLocked || isHeld(path) }
  } catch {
    return undefined
  }
}

/** Whose number or meter file, finished or not, an entry of `dir` is; undefined for others. */
export function memberBehind(dir: string, name: string): Member | undefined {
  const slot = SLOT_NAME.exec(name)?.[1]
  return slot === undefined ? meterFileBehind(dir, name) : memberOf(dir, Number(slot))
}

/** Whether the process behind something still runs, or may run where nobody here can tell. */
export type MayLive = (member: Member) => boolean

export const mayLive: MayLive = ({ process, isHeld }) => {
  const life = lifeOfProcess(process)
  return life === 'unknown' ? isHeld() : life === 'alive'
}

/** The same, as seen from a process that is about to end. */
export const mayOutlive: MayLive = (member) => !isOwn(member.process) && mayLive(member)

/** Whether a process that has joined `dir` may live. */
export function hasLiveMembers(dir: string, isAlive: MayLive): boolean {
  // Numbers come first: there is one for each process, and it is read sooner.
  const names = readdirSync(dir).sort((a, b) => (a < b ? 1 : -1))
  return names.some((name) => {
    const member = memberBehind(dir, name)
    return member !== undefined && isAlive(member)
  })
}
