import { join, resolve } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import { messageOf } from '../capability.js'
import { native, nativeError } from '../native.js'
import { cleanDeadService, JOIN_LOCK, removeDeadSiblings, removeIfLast } from './cleaning.js'
import { ownProcess } from './liveness.js'
import { type FileLock, lockWithin } from './locks.js'
import { freeSlotsOfDead, ownSlot, takeSlot } from './members.js'
import { DirectoryError, defaultParents, makePrivate } from './private-directory.js'

/** The runtime directory of this process, or why it has none. */
export type RuntimeDirectory =
  | {
      readonly available: true
      readonly path: string
      /** The lowest number that no other live process of the directory had when this one joined. */
      readonly slot: number
    }
  | { readonly available: false; readonly reason: string }

const LOCK_MS = 200

// Whoever cleans the directory of a dead service may take it from under a process that joins.
const ATTEMPTS = 3

let joined: Extract<RuntimeDirectory, { available: true }> | undefined
const listeners: (() => void)[] = []

function firstUsable(): string {
  const { pid, processStart, reason } = ownProcess()
  if (processStart === 0) throw new DirectoryError(`/proc cannot be read: ${reason}`)
  const { parents, reasons } = defaultParents()
  for (const parent of parents) {
    const path = `${parent}/${pid}-${processStart}`
    try {
      makePrivate(path)
      return path
    } catch (error) {
      reasons.push(messageOf(error))
    }
  }
  throw new DirectoryError(`no directory for meter files: ${reasons.join('; ')}`)
}

/** The directory that this process has, is told to use, or makes for itself. */
function choose(path: string | undefined): string {
  const current = native?.runtimeDirectory() ?? ''
  const told = path ?? process.env.THREADMETER_DIR ?? ''
  if (current === '') return told === '' ? firstUsable() : resolve(told)
  if (path === undefined || resolve(path) === current) return current
  throw new DirectoryError(`this process has its meter files in ${current} already`)
}

function lockJoining(dir: string): FileLock | undefined {
  try {
    return lockWithin(join(dir, JOIN_LOCK), LOCK_MS)
  } catch (error) {
    throw new DirectoryError(`${dir}: ${messageOf(error)}`)
  }
}

/** Without the lock nothing is cleaned and no number of a dead process is used again. */
function becomeMember(dir: string, preferred?: number): number {
  const lock = lockJoining(dir)
  try {
    if (lock !== undefined) {
      cleanDeadService(dir)
      freeSlotsOfDead(dir)
    }
    return ownSlot(dir) ?? takeSlot(dir, preferred)
  } finally {
    lock?.release()
  }
}

function enter(dir: string, preferred?: number): number {
  for (let attempt = 1; ; attempt++) {
    makePrivate(dir)
    try {
      return ownSlot(dir) ?? becomeMember(dir, preferred)
    } catch (error) {
      if (attempt === ATTEMPTS) throw error
    }
  }
}

/** Children find the directory in their environment, the other threads in the addon. */
function announce(dir: string): void {
  process.env.THREADMETER_DIR = dir
  native?.runtimeDirectory(dir)
}

function joinAny(path: string | undefined): Extract<RuntimeDirectory, { available: true }> {
  const dir = choose(path)
  const slot = enter(dir)
  // Once for all threads of the process.
  if ((native?.runtimeDirectory() ?? '') === '') removeDeadSiblings(dir)
  announce(dir)
  if (isMainThread) process.once('exit', () => removeIfLast(dir))
  return { available: true, path: dir, slot }
}

/**
 * Joins the runtime directory in which the threads of one service keep their meter files. The first
 * call in a process decides for all its threads and for the children that it starts: `path`, else
 * THREADMETER_DIR, else a directory of its own on tmpfs. Makes the directory, frees what a dead service
 * left in it, and takes a number for this process. Never throws; a failure can be tried again.
 *
 * Cost: 2 ms the first time (two processes that start at once wait for each other, 200 ms at
 * most), nothing later.
 */
export function joinDirectory(path?: string): RuntimeDirectory {
  return attempt(() => {
    if (joined === undefined || (path !== undefined && resolve(path) !== joined.path)) {
      joined = joinAny(path)
    }
    return joined
  })
}

/**
 * Calls the listener, which must not throw, whenever this thread has made the directory anew: whatever
 * else the process had in it is gone as well.
 */
export function onRejoined(listener: () => void): void {
  listeners.push(listener)
}

/** Makes the directory that this process has joined anew, where somebody has removed it. Never throws. */
export function rejoinDirectory(): RuntimeDirectory {
  return attempt(() => {
    const { path, slot } = joined ?? joinAny(undefined)
    joined = { available: true, path, slot: enter(path, slot) }
    for (const listener of listeners) listener()
    return joined
  })
}

function attempt(join: () => RuntimeDirectory): RuntimeDirectory {
  try {
    if (native === undefined) {
      throw new DirectoryError(`the addon could not be loaded: ${messageOf(nativeError)}`)
    }
    return join()
  } catch (error) {
    return { available: false, reason: messageOf(error) }
  }
}
