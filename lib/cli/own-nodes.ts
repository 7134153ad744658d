import { readdirSync, readlinkSync, statSync } from 'node:fs'
import { basename } from 'node:path'

const readLink = (path: string): string => {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** Whether a process runs Node.js, as far as its executable's name tells. */
export const isNode = (pid: number): boolean =>
  /^node(?:js)?[\d.]*$/.test(basename(readLink(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, ''))

export const uidOf = (pid: number): number | undefined =>
  statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid

/** The Node.js processes of this user, but for this one. */
export function ownNodes(): number[] {
  const own = process.geteuid?.()
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && isNode(pid) && uidOf(pid) === own)
}
