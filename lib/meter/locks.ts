import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { native } from '../native.js'

const { O_RDONLY, O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants

const sleepOn = new Int32Array(new SharedArrayBuffer(4))

/** An flock(2) held on a file until `release()`, or until the process or its worker ends. */
export interface FileLock {
  /** Whether the directory still has the file; without it the lock keeps nobody out. */
  readonly isLinked: boolean
  release(): void
}

/** Whether the directory still has the file: who cleans a directory unlinks its locks with it. */
const isLinked = (fd: number): boolean => fstatSync(fd).nlink > 0

const lockOn = (fd: number): FileLock => ({
  get isLinked() {
    return isLinked(fd)
  },
  release: () => closeSync(fd),
})

function writeHolder(fd: number, holder: string): void {
  ftruncateSync(fd)
  writeSync(fd, holder, 0)
}

/**
 * The lock, or undefined where somebody else holds it. `holder` is left in the file. Throws where the file
 * cannot be opened.
 */
export function tryLock(path: string, holder?: string): FileLock | undefined {
  const fd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600)
  try {
    if (native?.lockFile(fd) === true && isLinked(fd)) {
      if (holder !== undefined) writeHolder(fd, holder)
      return lockOn(fd)
    }
  } catch (error) {
    closeSync(fd)
    throw error
  }
  closeSync(fd)
  return undefined
}

/** Whether anybody holds an flock(2) on the file; true where nobody can tell. Never throws. */
export function isHeld(path: string): boolean {
  try {
    const fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
    try {
      return native?.lockFile(fd) !== true
    } finally {
      closeSync(fd)
    }
  } catch {
    return true
  }
}

/** Tries for at most `ms`; nobody holds such a lock for longer than a few file operations. */
export function lockWithin(path: string, ms: number): FileLock | undefined {
  if (native === undefined) return undefined
  const until = performance.now() + ms
  for (;;) {
    const lock = tryLock(path)
    if (lock !== undefined || performance.now() >= until) return lock
    Atomics.wait(sleepOn, 0, 0, 2)
  }
}
