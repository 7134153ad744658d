import { outOfRange } from '../../errors.js'
import { flameGraph } from './flame-graph/html.js'
import { folded } from './folded.js'
import {
  HEAP_PROFILE_FORMATS,
  type HeapProfileFormat,
  PROFILE_FORMATS,
  type ProfileFormat,
} from './formats.js'
import { pprof } from './pprof.js'
import { speedscope } from './speedscope.js'
import type { StackTree } from './stack-tree.js'
import { type AnyCpuProfile, cpuProfileTree } from './v8-cpu-profile.js'
import { type AnyHeapProfile, heapProfileTree } from './v8-heap-profile.js'

/** The formats that are written from stacks, wherever these come from. */
export type TreeFormat = Exclude<ProfileFormat, 'cpuprofile'>

const WRITERS: Readonly<Record<TreeFormat, (tree: StackTree) => string | Uint8Array>> = {
  html: flameGraph,
  speedscope,
  pprof,
  folded,
}

/** Stacks in a format. */
export const writeTree = (tree: StackTree, format: TreeFormat): string | Uint8Array =>
  WRITERS[format](tree)

function checkFormat(format: unknown, known: readonly string[]): void {
  if (known.includes(format as string)) return
  throw outOfRange('format', `one of ${known.join(', ')}`, format)
}

export function toFormat(profile: AnyCpuProfile, format: ProfileFormat): string | Uint8Array
export function toFormat(profile: AnyHeapProfile, format: HeapProfileFormat): string | Uint8Array
export function toFormat(
  profile: AnyCpuProfile | AnyHeapProfile,
  format: ProfileFormat | HeapProfileFormat,
): string | Uint8Array {
  const isHeap = 'head' in profile
  checkFormat(format, isHeap ? HEAP_PROFILE_FORMATS : PROFILE_FORMATS)
  if (format === 'cpuprofile' || format === 'heapprofile') return JSON.stringify(profile)
  return writeTree(isHeap ? heapProfileTree(profile) : cpuProfileTree(profile), format)
}
