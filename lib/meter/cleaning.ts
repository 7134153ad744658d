import { readdirSync, readFileSync, rmdirSync, unlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { lifeOfProcess, lifeOfThread, ownProcess, processText } from './liveness.js'
import { type FileLock, tryLock } from './locks.js'
import {
  hasLiveMembers,
  type MayLive,
  mayLive,
  mayOutlive,
  memberBehind,
  writerOf,
} from './members.js'

/** Held by whoever joins or cleans a directory, for a few file operations. */
export const JOIN_LOCK = 'join.lock'

/** Held by the observer that folds what ended threads leave, for as long as it runs. */
export const OBSERVER_LOCK = 'observer.lock'

/** The totals of the ended threads. */
export const RETIRED = 'retired'

/** What a service leaves; files of other names are not threadmeter's and stay. */
const LEFT_BEHIND =
  /^(?:[^.].*\.meter|\.\d+-\d+-.*|\.?retired.*|observed.*|slot-\d+|\d+-\d+-\d+\.sock)$/

/** A meter file of which its thread has not finished the first version, or that of a next file. */
const UNFINISHED = /^\.(\d+)-(\d+)-(\d+)-(\d+)\b/

const DEFAULT_NAME = /^(\d+)-(\d+)$/
const DEFAULT_PARENT = /^threadmeter-\d+$/

// At a start, directories of many crashes may be there: a part of them each time.
const SIBLINGS_PER_START = 32

export function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** A process that joins without the lock, because it waited for too long, keeps what it has made. */
function unlinkLeftBehind(dir: string, isAlive: MayLive): void {
  for (const name of readdirSync(dir)) {
    const member = memberBehind(dir, name)
    if (!LEFT_BEHIND.test(name) || (member !== undefined && isAlive(member))) continue
    bestEffort(() => unlinkIfThere(join(dir, name)))
  }
}

/** Whether a thread was killed while it made this file. */
export function isAbandoned(dir: string, name: string): boolean {
  const numbers = UNFINISHED.exec(name)?.slice(1).map(Number)
  if (numbers === undefined) return false
  const [pid, processStart, tid, threadStart] = numbers as [number, number, number, number]
  try {
    const { pidNamespace } = writerOf(join(dir, name)) ?? ownProcess()
    return lifeOfThread({ pid, processStart, tid, threadStart, pidNamespace }) === 'dead'
  } catch {
    return false
  }
}

/**
 * Frees what a service left that has ended, so that a new one in the same directory begins anew. An
 * observer that is still there goes on with the totals instead. Only under the lock for joining.
 */
export function cleanDeadService(dir: string): void {
  if (hasLiveMembers(dir, mayLive)) return
  const observer = tryLock(join(dir, OBSERVER_LOCK))
  if (observer === undefined) return
  try {
    unlinkLeftBehind(dir, mayLive)
  } finally {
    observer.release()
  }
}

/** Whether `path` is a directory that was made by default, for the process whose name it bears. */
const isDefaultDirectory = (path: string): boolean =>
  DEFAULT_NAME.test(basename(path)) && DEFAULT_PARENT.test(basename(dirname(path)))

/** Whoever waits for one of the locks finds it unlinked and makes the directory anew. */
function removeWithLocks(dir: string, isAlive: MayLive): void {
  unlinkLeftBehind(dir, isAlive)
  unlinkIfThere(join(dir, OBSERVER_LOCK))
  unlinkIfThere(join(dir, JOIN_LOCK))
  rmdirSync(dir)
}

/** In a process that ends, the lock of its own observer does not matter any more. */
const isOwnObserver = (dir: string): boolean =>
  readFileSync(join(dir, OBSERVER_LOCK), 'latin1') === processText(ownProcess())

function removeUnderLocks(dir: string, isAlive: MayLive): void {
  const joining = tryLock(join(dir, JOIN_LOCK))
  if (joining === undefined) return
  let observer: FileLock | undefined
  try {
    if (hasLiveMembers(dir, isAlive)) return
    observer = tryLock(join(dir, OBSERVER_LOCK))
    const isFree = observer !== undefined || (isAlive === mayOutlive && isOwnObserver(dir))
    if (isFree) removeWithLocks(dir, isAlive)
  } finally {
    observer?.release()
    joining.release()
  }
}

function isOfDead(dir: string): boolean {
  const [, pid, processStart] = DEFAULT_NAME.exec(basename(dir)) ?? []
  if (pid === undefined) return false
  const { pidNamespace } = ownProcess()
  const owner = { pid: Number(pid), processStart: Number(processStart), pidNamespace }
  return lifeOfProcess(owner) === 'dead'
}

function bestEffort(step: () => void): void {
  try {
    step()
  } catch {
    // What stays is looked at again at the next start.
  }
}

/** Removes default directories beside a default one whose services have ended. Never throws. */
export function removeDeadSiblings(dir: string): void {
  if (!isDefaultDirectory(dir)) return
  bestEffort(() => {
    const parent = dirname(dir)
    const others = readdirSync(parent).map((name) => join(parent, name))
    const dead = others.filter((path) => path !== dir && isOfDead(path))
    for (const path of dead.slice(0, SIBLINGS_PER_START)) {
      bestEffort(() => removeUnderLocks(path, mayLive))
    }
  })
}

/** Removes a default directory when the last process of its service ends. Never throws. */
export function removeIfLast(dir: string): void {
  bestEffort(() => {
    if (isDefaultDirectory(dir)) removeUnderLocks(dir, mayOutlive)
  })
}
