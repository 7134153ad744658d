import { basename } from 'node:path'
import type { StackTree } from './stack-tree.js'

/** What a profile is called where several are listed: program, process, thread. */
export function titleOf({ unit, details }: StackTree): string {
  const kind = unit === 'bytes' ? 'heap profile' : 'CPU profile'
  if (details === null) return kind
  const { pid, name } = details.thread
  return `${basename(details.program)} (${pid}) ${name}: ${kind}`
}
