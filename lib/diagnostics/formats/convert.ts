import { invalidArgType, outOfRange } from '../../errors.js'
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

/** Throws unless it looks like a profile of V8; says whether it is one of the heap. */
function checkIsHeap(profile: unknown): boolean {
  const isObject = typeof profile === 'object' && profile !== null
  if (isObject && 'head' in profile) return true
  const isCpu = isObject && 'nodes' in profile && 'samples' in profile && 'timeDeltas' in profile
  if (!isCpu) throw invalidArgType('profile', 'a CPU profile or a heap profile', profile)
  return false
}

/**
 * A profile in another format: `html` (a flame graph in one page that works offline), `speedscope`, `pprof`
 * (gzipped), `folded` (lines for flamegraph.pl), or its own, `cpuprofile` or `heapprofile` (JSON for DevTools
 * and VS Code). Profiles that somebody else took are taken as well. Times are in µs, but in ns in pprof; a
 * sample weighs the time until the next one. Lines count from 1. Text is a string, but bytes (a Uint8Array)
 * where it is longer than strings can be.
 *
 * Throws a RangeError (`ERR_THREADMETER_OUT_OF_RANGE`) for a format that there is not, and a TypeError
 * (`ERR_THREADMETER_INVALID_ARG_TYPE`) for what is no profile. It works on the calling
 * thread: the profile of a minute (60 000 samples, 20 000 call paths) takes 0.1 to 0.5 s.
 *
 * @example
 * ```js
 * import { writeFileSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import { cpuProfile, enableDiagnostics, toFormat } from 'threadmeter/diagnostics'
 *
 * await enableDiagnostics()
 * const profile = await cpuProfile('main', { seconds: 0.5 })
 * writeFileSync(join(tmpdir(), 'main.html'), toFormat(profile, 'html'))
 * ```
 */
export function toFormat(profile: AnyCpuProfile, format: ProfileFormat): string | Uint8Array
export function toFormat(profile: AnyHeapProfile, format: HeapProfileFormat): string | Uint8Array
export function toFormat(
  profile: AnyCpuProfile | AnyHeapProfile,
  format: TreeFormat,
): string | Uint8Array
export function toFormat(
  profile: AnyCpuProfile | AnyHeapProfile,
  format: ProfileFormat | HeapProfileFormat,
): string | Uint8Array {
  const isHeap = checkIsHeap(profile)
  checkFormat(format, isHeap ? HEAP_PROFILE_FORMATS : PROFILE_FORMATS)
  if (format === 'cpuprofile' || format === 'heapprofile') return JSON.stringify(profile)
  return writeTree(
    isHeap ? heapProfileTree(profile as AnyHeapProfile) : cpuProfileTree(profile as AnyCpuProfile),
    format,
  )
}
