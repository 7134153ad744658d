import { statfsSync } from 'node:fs'
import { ThreadmeterError } from '../../errors.js'
import { type SnapshotNeeds, tightestMemory } from '../kernel/memory.js'
import type { CapturedThread } from '../model.js'

// statfs(2): what is written there stays in memory.
const TMPFS_MAGIC = 0x01021994

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`

const refused = (thread: CapturedThread, need: string, have: string): ThreadmeterError =>
  new ThreadmeterError('ERR_THREADMETER_NOT_ENOUGH_MEMORY', [thread.name, need, have])

/**
 * Throws ERR_THREADMETER_NOT_ENOUGH_MEMORY when a snapshot may need more memory than the process can still
 * have, or more room than there is in the directory. What cannot be read is no reason to refuse.
 */
export function checkRoom(
  thread: CapturedThread,
  { memoryBytes, fileBytes }: SnapshotNeeds,
  directory: string,
): void {
  const { type, bavail, bsize } = statfsSync(directory)
  const roomBytes = bavail * bsize
  if (fileBytes > roomBytes) {
    throw refused(thread, megabytes(fileBytes), `${directory} has room for ${megabytes(roomBytes)}`)
  }
  const needBytes = memoryBytes + (type === TMPFS_MAGIC ? fileBytes : 0)
  const memory = tightestMemory(thread.pid)
  if (memory !== undefined && needBytes > memory.availableBytes) {
    const { source, availableBytes, limitBytes } = memory
    const have = `${megabytes(availableBytes)} of ${megabytes(limitBytes)} are left (${source})`
    throw refused(thread, `${megabytes(needBytes)} of memory`, have)
  }
}
