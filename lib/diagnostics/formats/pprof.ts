import { gzipSync } from 'node:zlib'
import {
  Label,
  Line,
  Location,
  Mapping,
  Function as PprofFunction,
  Profile,
  Sample,
  StringTable,
  ValueType,
} from 'pprof-format'
import { NO_NODE, type StackTree, selfWeights } from './stack-tree.js'
import { titleOf } from './title.js'

const NS_PER_US = 1000
const NS_PER_MS = 1_000_000n
const NS_PER_SECOND = 1e9

// The number of the one mapping.
const PROGRAM = 1

/** Functions, and a location for each line of one that was seen; all numbered from 1. */
class Places {
  readonly functions: PprofFunction[]
  readonly locations: Location[] = []
  readonly #tree: StackTree
  readonly #known = new Map<string, number>()

  constructor(tree: StackTree, strings: StringTable) {
    this.#tree = tree
    this.functions = tree.frames.map(({ functionName, file, lineNumber }, index) => {
      const name = strings.dedup(functionName)
      return new PprofFunction({
        ...{ id: index + 1, name, systemName: name },
        ...{ filename: strings.dedup(file), startLine: lineNumber },
      })
    })
  }

  location(frame: number, line: number): number {
    const key = `${frame}:${line}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const id = this.locations.length + 1
    const lines = [new Line({ functionId: frame + 1, line })]
    this.locations.push(new Location({ id, mappingId: PROGRAM, line: lines }))
    this.#known.set(key, id)
    return id
  }

  /** The stack of a node, innermost first as pprof wants it. `line`: that of the innermost call. */
  stack(node: number, line: number): number[] {
    const ids: number[] = []
    let here = line
    for (let at = node; at !== NO_NODE; at = this.#tree.parents[at] as number) {
      const frame = this.#tree.nodeFrames[at] as number
      ids.push(this.location(frame, here || (this.#tree.frames[frame]?.lineNumber ?? 0)))
      here = 0
    }
    return ids
  }
}

interface LinePart {
  /** 0: not known. */
  readonly line: number
  readonly count: number
  readonly weight: number
}

/**
 * What a node used, by line. V8 counts a line's samples but not their time, which is dealt out by them; what
 * rounding and samples without a line leave over stays with the function.
 */
function byLine(tree: StackTree, node: number, count: number, weight: number): LinePart[] {
  const lines = tree.lines[node] ?? []
  const ticks = lines.reduce((sum, line) => sum + line.ticks, 0)
  if (ticks === 0 || ticks > count) return [{ line: 0, count, weight }]
  const parts = lines.map((line) => ({
    line: line.line,
    count: line.ticks,
    weight: Math.floor((weight * line.ticks) / count),
  }))
  const rest = {
    line: 0,
    count: count - ticks,
    weight: weight - parts.reduce((sum, part) => sum + part.weight, 0),
  }
  const [first, ...others] = parts as [LinePart, ...LinePart[]]
  // Less than one unit for each line: no sample of its own.
  if (rest.count === 0) return [{ ...first, weight: first.weight + rest.weight }, ...others]
  return [...parts, rest]
}

interface Measure {
  readonly types: readonly (readonly [type: string, unit: string])[]
  readonly values: (count: number, weight: number) => number[]
  readonly period: readonly [type: string, unit: string]
  readonly scale: number
}

/** V8 samples a thread by the clock on the wall, also while it waits or has no processor. */
const WALL: Measure = {
  types: [
    ['samples', 'count'],
    ['wall', 'nanoseconds'],
  ],
  values: (count, weight) => [count, weight * NS_PER_US],
  period: ['wall', 'nanoseconds'],
  scale: NS_PER_US,
}

const HEAP: Measure = {
  types: [['inuse_space', 'bytes']],
  values: (_, weight) => [weight],
  period: ['space', 'bytes'],
  scale: 1,
}

function labelsOf({ details }: StackTree, strings: StringTable): Label[] {
  if (details === null) return []
  const { name, tid, threadId, role } = details.thread
  const text = (key: string, value: string): Label =>
    new Label({ key: strings.dedup(key), str: strings.dedup(value) })
  const number = (key: string, value: number): Label =>
    new Label({ key: strings.dedup(key), num: value })
  return [
    ...[text('thread', name), text('role', role), number('thread id', threadId)],
    ...(typeof tid === 'number' && tid > 0 ? [number('tid', tid)] : []),
  ]
}

function samplesOf(tree: StackTree, measure: Measure, places: Places, label: Label[]): Sample[] {
  const { counts, weights } = selfWeights(tree)
  const samples: Sample[] = []
  for (const [node, count] of counts.entries()) {
    if (count === 0) continue
    for (const part of byLine(tree, node, count, weights[node] as number)) {
      const value = measure.values(part.count, part.weight)
      samples.push(new Sample({ locationId: places.stack(node, part.line), value, label }))
    }
  }
  return samples
}

function comments(tree: StackTree): string[] {
  const { details } = tree
  if (details === null) return [titleOf(tree)]
  const { threadmeter, node, app } = details.versions
  return [
    titleOf(tree),
    `threadmeter ${threadmeter}, Node.js ${node}${app === null ? '' : `, ${app}`}`,
    ...(details.partial === null ? [] : [`ended early: ${details.partial}`]),
  ]
}

/** The program. It says that names and lines are there: nobody looks for a binary to find them in. */
function program({ details }: StackTree, strings: StringTable): Mapping {
  return new Mapping({
    ...{ id: PROGRAM, filename: strings.dedup(details?.program ?? '') },
    ...{ hasFunctions: true, hasFilenames: true, hasLineNumbers: true },
  })
}

/**
 * A profile in pprof's protocol buffers, gzipped, as `go tool pprof` and the stores of profiles read it.
 * github.com/google/pprof/blob/main/proto/profile.proto
 */
export function pprof(tree: StackTree): Uint8Array {
  const measure = tree.unit === 'bytes' ? HEAP : WALL
  const strings = new StringTable()
  const valueType = ([type, unit]: readonly [string, string]): ValueType =>
    new ValueType({ type: strings.dedup(type), unit: strings.dedup(unit) })
  const places = new Places(tree, strings)
  const sample = samplesOf(tree, measure, places, labelsOf(tree, strings))
  const total = tree.weights.reduce((sum, weight) => sum + weight, 0)
  const { details } = tree
  const window = details?.window
  const profile = new Profile({
    sampleType: measure.types.map(valueType),
    sample,
    mapping: [program(tree, strings)],
    location: places.locations,
    function: places.functions,
    timeNanos: window ? BigInt(Math.round(window.startedAt)) * NS_PER_MS : 0,
    durationNanos: Math.round(
      window ? window.seconds * NS_PER_SECOND : tree.unit === 'bytes' ? 0 : total * NS_PER_US,
    ),
    periodType: valueType(measure.period),
    period: Math.round((tree.period ?? 0) * measure.scale),
    comment: comments(tree).map((comment) => strings.dedup(comment)),
    defaultSampleType: strings.dedup((measure.types.at(-1) as readonly [string, string])[0]),
    stringTable: strings,
  })
  return gzipSync(profile.encode())
}
