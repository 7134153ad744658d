import { gunzipSync } from 'node:zlib'

/** Stacks, outermost first, with their weights: what is left of a file of any format. */
export type Stacks = readonly { readonly names: readonly string[]; readonly weight: number }[]

export const total = (stacks: Stacks): number => stacks.reduce((sum, { weight }) => sum + weight, 0)

/** Of all stacks with a function of that name. */
export const within = (stacks: Stacks, name: string): number =>
  total(stacks.filter(({ names }) => names.includes(name)))

/** As flamegraph.pl takes a line apart. */
export function readFolded(text: string): Stacks {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [, stack, weight] = /^(.*)\s+?(\d+(?:\.\d*)?)$/.exec(line) as string[]
      const names = (stack as string).split(';').map((frame) => frame.replace(/@.*$/, ''))
      return { names, weight: Number(weight) }
    })
}

interface SpeedscopeFile {
  readonly $schema: string
  readonly name: string
  readonly exporter: string
  readonly shared: { readonly frames: readonly { name: string; file?: string; line?: number }[] }
  readonly profiles: readonly {
    readonly type: string
    readonly unit: string
    readonly startValue: number
    readonly endValue: number
    readonly events: readonly { type: 'O' | 'C'; frame: number; at: number }[]
  }[]
}

/** Calls opened and closed in turn; throws where a call is closed that is not the innermost one. */
export function readSpeedscope(text: string): { file: SpeedscopeFile; stacks: Stacks } {
  const file = JSON.parse(text) as SpeedscopeFile
  const [profile] = file.profiles as [SpeedscopeFile['profiles'][number]]
  const stacks: { names: string[]; weight: number }[] = []
  const open: number[] = []
  let before = profile.startValue
  for (const { type, frame, at } of profile.events) {
    if (at < before) throw new Error(`an event at ${at} after one at ${before}`)
    if (at > before) {
      const names = open.map((number) => file.shared.frames[number]?.name as string)
      stacks.push({ names, weight: at - before })
    }
    before = at
    if (type === 'O') open.push(frame)
    else if (open.pop() !== frame) throw new Error(`${frame} is closed, but not innermost`)
  }
  if (open.length > 0) throw new Error('calls are left open')
  return { file, stacks }
}

// What profile.proto says: number of each field that is read here, by message.
const PROFILE = { sampleType: 1, sample: 2, location: 4, function: 5, strings: 6 } as const
const SCALARS = { timeNanos: 9, durationNanos: 10, periodType: 11, period: 12, defaultType: 14 }

type Field = number | bigint | Uint8Array

/** A message by the wire format alone: protobuf.dev/programming-guides/encoding. */
function fieldsOf(bytes: Uint8Array): Map<number, Field[]> {
  const fields = new Map<number, Field[]>()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw new Error('cut off')
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const list = fields.get(tag >> 3) ?? []
    fields.set(tag >> 3, list)
    if ((tag & 7) === 0) list.push(varint())
    else if ((tag & 7) === 2) {
      const length = Number(varint())
      if (at + length > bytes.length) throw new Error('cut off')
      list.push(bytes.subarray(at, at + length))
      at += length
    } else throw new Error(`wire type ${tag & 7} has no place in profile.proto`)
  }
  return fields
}

/** A repeated number, packed or not. */
function numbersOf(fields: Field[] = []): number[] {
  return fields.flatMap((field) => {
    if (!(field instanceof Uint8Array)) return [Number(field)]
    const numbers: number[] = []
    let value = 0
    let scale = 1
    for (const byte of field) {
      value += (byte & 127) * scale
      scale *= 128
      if (byte >= 128) continue
      numbers.push(value)
      value = 0
      scale = 1
    }
    return numbers
  })
}

const message = (field: Field | undefined): Map<number, Field[]> => fieldsOf(field as Uint8Array)

export interface PprofSample {
  readonly names: readonly string[]
  /** Of each call: the line of its location. */
  readonly lines: readonly number[]
  readonly values: readonly number[]
  readonly labels: Readonly<Record<string, string | number>>
}

export interface PprofFile {
  readonly types: readonly string[]
  readonly samples: readonly PprofSample[]
  readonly functions: readonly { name: string; file: string; startLine: number }[]
  readonly timeNanos: bigint
  readonly durationNanos: number
  readonly period: number
  readonly periodType: string
  readonly defaultType: string
}

/** A pprof file, read by nothing but the two specifications. */
export function readPprof(gzipped: Uint8Array): PprofFile {
  const profile = fieldsOf(gunzipSync(gzipped))
  const strings = (profile.get(PROFILE.strings) ?? []).map((text) =>
    Buffer.from(text as Uint8Array).toString(),
  )
  const text = (field: Field[] | undefined): string => strings[Number(field?.[0] ?? 0)] as string
  const number = (field: Field[] | undefined): number => Number(field?.[0] ?? 0)
  const valueType = (field: Field | undefined): string => {
    const fields = message(field)
    return `${text(fields.get(1))}/${text(fields.get(2))}`
  }
  const functions = new Map(
    (profile.get(PROFILE.function) ?? []).map(message).map((fields) => [
      number(fields.get(1)),
      {
        name: text(fields.get(2)),
        file: text(fields.get(4)),
        startLine: number(fields.get(5)),
      },
    ]),
  )
  const locations = new Map(
    (profile.get(PROFILE.location) ?? []).map(message).map((fields) => {
      const line = message(fields.get(4)?.[0])
      const called = functions.get(number(line.get(1)))
      if (!called) throw new Error('a location leads to no function')
      return [number(fields.get(1)), { name: called.name, line: number(line.get(2)) }]
    }),
  )
  const samples = (profile.get(PROFILE.sample) ?? []).map(message).map((fields) => {
    const stack = numbersOf(fields.get(1)).reverse()
    const places = stack.map((id) => {
      const place = locations.get(id)
      if (!place) throw new Error(`there is no location ${id}`)
      return place
    })
    const labels = (fields.get(3) ?? []).map(message).map((label): [string, string | number] => {
      return [text(label.get(1)), label.has(2) ? text(label.get(2)) : number(label.get(3))]
    })
    return {
      names: places.map(({ name }) => name),
      lines: places.map(({ line }) => line),
      values: numbersOf(fields.get(2)),
      labels: Object.fromEntries(labels),
    }
  })
  return {
    types: (profile.get(PROFILE.sampleType) ?? []).map(valueType),
    samples,
    functions: [...functions.values()],
    timeNanos: BigInt((profile.get(SCALARS.timeNanos)?.[0] ?? 0) as bigint),
    durationNanos: number(profile.get(SCALARS.durationNanos)),
    period: number(profile.get(SCALARS.period)),
    periodType: valueType(profile.get(SCALARS.periodType)?.[0]),
    defaultType: text(profile.get(SCALARS.defaultType)),
  }
}

/** The stacks of a pprof file, by the value at that place of each sample. */
export const pprofStacks = ({ samples }: PprofFile, value: number): Stacks =>
  samples.map(({ names, values }) => ({ names, weight: values[value] as number }))
