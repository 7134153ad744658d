import {
  accessSync,
  chmodSync,
  constants,
  lstatSync,
  mkdirSync,
  type Stats,
  statfsSync,
} from 'node:fs'
import { dirname, isAbsolute } from 'node:path'

const TMPFS_MAGIC = 0x01021994
const RAMFS_MAGIC = 0x858458f6

/** Why something cannot serve as a runtime directory. */
export class DirectoryError extends Error {}

export const ownUid = (): number => process.geteuid?.() ?? -1

/** A store into a file on disk can wait for the disk, so that only memory will do. */
function isInMemory(path: string): boolean {
  const type = statfsSync(path).type >>> 0
  return type === TMPFS_MAGIC || type === RAMFS_MAGIC
}

/** Whose directory it is; -1 when there is none. */
export function ownerOf(path: string): number {
  try {
    return lstatSync(path).uid
  } catch {
    return -1
  }
}

/** The places where runtime directories are made by default, best first. */
function places(): string[] {
  const { XDG_RUNTIME_DIR: xdg = '' } = process.env
  const all = ['/dev/shm', ...(isAbsolute(xdg) ? [xdg] : []), `/run/user/${ownUid()}`, '/tmp']
  return [...new Set(all)]
}

function whyNot(place: string): string | undefined {
  try {
    if (!isInMemory(place)) return `${place} is not on tmpfs`
    accessSync(place, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

/** The directories that hold the default runtime directories of this user, whether made or not. */
export function defaultParents(): { parents: string[]; reasons: string[] } {
  const parents: string[] = []
  const reasons: string[] = []
  for (const place of places()) {
    const reason = whyNot(place)
    if (reason === undefined) parents.push(`${place}/threadmeter-${ownUid()}`)
    else reasons.push(reason)
  }
  return { parents, reasons }
}

function objection(stats: Stats): string | undefined {
  if (stats.isSymbolicLink()) return 'is a symbolic link'
  if (!stats.isDirectory()) return 'is not a directory'
  if (stats.uid !== ownUid()) return `belongs to user ${stats.uid}, not to user ${ownUid()}`
  if ((stats.mode & 0o077) === 0) return undefined
  return `has mode 0${(stats.mode & 0o777).toString(8)}, open to others: it must be 0700`
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

function look(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** The directories of `path` that are not there, outermost first, below one that is in memory. */
function missingParts(path: string): string[] {
  const parts: string[] = []
  let there = path
  while (look(there) === undefined) {
    parts.unshift(there)
    there = dirname(there)
  }
  if (isInMemory(there)) return parts
  throw new DirectoryError(`${path} is not on tmpfs`)
}

function make(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
    // The umask may have taken bits that the owner needs.
    chmodSync(path, 0o700)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Throws where `path` is there and not a directory of this user alone. */
export function refuseUnlessPrivate(path: string): void {
  const stats = look(path)
  if (stats === undefined) return
  const why = objection(stats)
  if (why !== undefined) throw new DirectoryError(`${path} ${why}`)
}

/**
 * Makes `path` and the parents that it lacks, or checks that what is there is a directory of this user
 * alone and in memory; nothing foreign is followed or repaired. Throws where it cannot be used.
 */
export function makePrivate(path: string): void {
  refuseUnlessPrivate(path)
  for (const part of missingParts(path)) {
    make(part)
    refuseUnlessPrivate(part)
  }
}
