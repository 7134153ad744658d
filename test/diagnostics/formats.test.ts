import { gunzipSync } from 'node:zlib'
import { Profile } from 'pprof-format'
import { describe, expect, it } from 'vitest'
import { toFormat, writeTree } from '../../dist/diagnostics/formats/convert.js'
import { NO_NODE, StackTreeBuilder } from '../../dist/diagnostics/formats/stack-tree.js'
import type { AnyCpuProfile } from '../../dist/diagnostics/formats/v8-cpu-profile.js'
import type { CpuProfile } from '../../dist/diagnostics/model.js'
import { readPageData } from './flame-page.js'
import { cpuProfileOf, DETAILS, knownWork, shop, uncertainty } from './formats-profiles.js'
import {
  pprofStacks,
  readFolded,
  readPprof,
  readSpeedscope,
  type Stacks,
  total,
  within,
} from './formats-readers.js'

/** The stacks of each format, in µs. */
function everywhere(profile: AnyCpuProfile): Record<string, Stacks> {
  const pprof = readPprof(toFormat(profile, 'pprof') as Uint8Array)
  return {
    folded: readFolded(toFormat(profile, 'folded') as string),
    speedscope: readSpeedscope(toFormat(profile, 'speedscope') as string).stacks,
    pprof: pprofStacks(pprof, 1).map(({ names, weight }) => ({ names, weight: weight / 1000 })),
  }
}

const FORMATS = ['folded', 'speedscope', 'pprof'] as const

/** The µs of samples in a function of that name or in what it called, from V8's own numbers. */
function microsWithin(
  { nodes, samples, timeDeltas, startTime, endTime }: CpuProfile,
  name: string,
) {
  const inside = new Set<number>()
  // V8 writes callers before those that they call.
  for (const { id, callFrame, children = [] } of nodes) {
    if (callFrame.functionName === name) inside.add(id)
    if (inside.has(id)) for (const child of children) inside.add(child)
  }
  let at = startTime
  const times = timeDeltas.map((delta) => {
    at += delta
    return at
  })
  const order = [...times.keys()].sort((a, b) => (times[a] as number) - (times[b] as number))
  return order.reduce((sum, sample, place) => {
    const next = times[order[place + 1] ?? -1] ?? endTime
    return inside.has(samples[sample] as number) ? sum + next - (times[sample] as number) : sum
  }, 0)
}

describe('a profile of known work', () => {
  it.each(FORMATS)('shows the times that the program measured, as %s', (format) => {
    const work = knownWork()
    const stacks = everywhere(work.profile)[format] as Stacks
    for (const name of ['three', 'one'] as const) {
      const difference = Math.abs(within(stacks, name) / 1000 - work.spent[name])
      expect(difference).toBeLessThan(uncertainty(work, name))
    }
  })

  it.each(FORMATS)('shows what V8 says, sample by sample, as %s', (format) => {
    const { profile } = knownWork()
    const stacks = everywhere(profile)[format] as Stacks
    for (const name of ['three', 'one', '(idle)']) {
      expect(within(stacks, name)).toBe(microsWithin(profile, name))
    }
  })

  it('weighs all from the first sample to the end, in every format', () => {
    const { profile } = knownWork()
    const first = profile.startTime + (profile.timeDeltas[0] as number)
    for (const stacks of Object.values(everywhere(profile))) {
      expect(total(stacks)).toBe(profile.endTime - first)
    }
  })

  it('names lines as editors do', () => {
    const { profile } = knownWork()
    const source = toFormat(profile, 'folded') as string
    // `function three` stands on line 10 of the program.
    expect(source).toMatch(/;three@\S*formats-known-work\.mjs:10[ ;]/)
    const { file } = readSpeedscope(toFormat(profile, 'speedscope') as string)
    expect(file.shared.frames.find(({ name }) => name === 'three')?.line).toBe(10)
    const { functions } = readPprof(toFormat(profile, 'pprof') as Uint8Array)
    expect(functions.find(({ name }) => name === 'three')?.startLine).toBe(10)
  })
})

describe('a CPU profile', () => {
  it('is handed on as it is', () => {
    expect(JSON.parse(toFormat(shop(), 'cpuprofile') as string)).toEqual(shop())
  })

  it('weighs a sample by the time until the next one', () => {
    const profile = cpuProfileOf([
      [['a'], 10],
      [['b'], 200],
      [['a'], 3000],
    ])
    expect(toFormat(profile, 'folded')).toBe('a 3010\nb 200\n')
  })

  it('puts samples in order that V8 wrote down out of order', () => {
    const profile = {
      ...cpuProfileOf([
        [['a'], 1],
        [['b'], 1],
        [['c'], 1],
      ]),
      ...{ timeDeltas: [100, 500, -200], startTime: 0, endTime: 1000 },
    }
    // a at 100, c at 400, b at 600.
    expect(toFormat(profile, 'folded')).toBe('a 300\nb 400\nc 200\n')
  })

  it('needs nothing that only threadmeter writes', () => {
    const { threadmeter: _, ...plain } = shop()
    for (const format of ['html', ...FORMATS] as const) {
      expect(toFormat(plain, format).length).toBeGreaterThan(100)
    }
  })

  it('may be without samples', () => {
    const profile = cpuProfileOf([])
    expect(toFormat(profile, 'folded')).toBe('')
    expect(readSpeedscope(toFormat(profile, 'speedscope') as string).stacks).toEqual([])
    expect(readPprof(toFormat(profile, 'pprof') as Uint8Array).samples).toEqual([])
    expect(toFormat(profile, 'html')).toContain('<!doctype html>')
  })

  it('cannot be written in a format that there is not', () => {
    expect(() => toFormat(shop(), 'svg' as 'html')).toThrow(
      expect.objectContaining({ code: 'ERR_THREADMETER_OUT_OF_RANGE', name: 'RangeError' }),
    )
  })
})

describe('what is no profile', () => {
  it.each([undefined, null, 'text', {}, { nodes: [] }])('is refused: %j', (value) => {
    expect(() => toFormat(value as never, 'html')).toThrow(
      expect.objectContaining({ code: 'ERR_THREADMETER_INVALID_ARG_TYPE', name: 'TypeError' }),
    )
  })
})

describe('stacks of another source than V8', () => {
  it('are written in every format, those of the kernel too', () => {
    const builder = new StackTreeBuilder('microseconds')
    const place = { file: '', lineNumber: 0, columnNumber: 0 }
    const main = builder.node(
      NO_NODE,
      builder.frame({
        functionName: 'main',
        ...place,
        file: '/a.js',
        lineNumber: 3,
        category: 'js',
      }),
    )
    const read = builder.frame({ functionName: 'ksys_read', ...place, category: 'kernel' })
    builder.sample(builder.node(main, read), 70)
    builder.sample(main, 30)
    builder.sample(builder.node(main, read), 5)
    const tree = builder.build(10, null)
    expect(writeTree(tree, 'folded')).toBe('main@/a.js:3 30\nmain@/a.js:3;ksys_read_[k] 75\n')
    expect(total(readSpeedscope(writeTree(tree, 'speedscope') as string).stacks)).toBe(105)
    const { samples } = readPprof(writeTree(tree, 'pprof') as Uint8Array)
    expect(samples.map(({ names, values }) => [...names, ...values])).toEqual([
      ['main', 1, 30_000],
      ['main', 'ksys_read', 2, 75_000],
    ])
    const { groups, nodes } = readPageData(writeTree(tree, 'html') as string)
    expect(groups.map(({ label }) => label)).toEqual(['app', 'kernel'])
    expect(nodes).toMatchObject({ depth: [0, 1, 2], self: [0, 30, 75], samples: [0, 1, 2] })
  })
})

describe('folded stacks', () => {
  it('keep what separates them out of names', () => {
    const profile = cpuProfileOf([[['a;b c\nd 7@file:///x y;z.js:3', 'get e'], 5]])
    expect(toFormat(profile, 'folded')).toBe('a:b_c_d_7@/x_y:z.js:3;get_e 5\n')
  })
})

describe('a speedscope file', () => {
  it('says what it is and where it comes from', () => {
    const { file } = readSpeedscope(toFormat(shop(), 'speedscope') as string)
    expect(file).toMatchObject({
      $schema: 'https://www.speedscope.app/file-format-schema.json',
      name: 'server.mjs (4711) resizer: CPU profile',
      exporter: 'threadmeter@0.2.0',
      profiles: [{ type: 'evented', unit: 'microseconds', startValue: 0, endValue: 2_000_000 }],
    })
  })

  it('stays small where stacks are deep', () => {
    const deep = Array.from({ length: 1000 }, (_, at) => `f${at}@file:///deep.js:${at + 1}`)
    const stacks = ['a', 'b', 'c', 'd'].map((leaf) => [...deep, leaf])
    const profile = cpuProfileOf(
      Array.from({ length: 20_000 }, (_, at) => [stacks[at % 4] as string[], 1000]),
    )
    const text = toFormat(profile, 'speedscope') as string
    expect(text.length).toBeLessThan(4_000_000)
    expect(total(readSpeedscope(text).stacks)).toBe(20_000_000)
  })
})

describe('stacks that are deep and change all the time', () => {
  const seen = Array.from({ length: 60 }, (_, at): readonly string[] =>
    Array.from({ length: 600 }, (_, depth) => `f${at}${'-'.repeat(40)}@file:///f.js:${depth + 1}`),
  )
  const profile = cpuProfileOf(Array.from({ length: 6000 }, (_, at) => [seen[at % 60] as never, 7]))

  it('are merged for speedscope, which says so', () => {
    const { file, stacks } = readSpeedscope(toFormat(profile, 'speedscope') as string)
    expect(file.name).toBe('server.mjs (4711) resizer: CPU profile (merged, not in order of time)')
    expect(file.profiles[0]?.events.length).toBe(2 * 60 * 600)
    expect(total(stacks)).toBe(42_000)
  })
})

describe('a pprof file', () => {
  it('says what was sampled, when, how often, and of which thread', () => {
    const file = readPprof(toFormat(shop(), 'pprof') as Uint8Array)
    expect(file.types).toEqual(['samples/count', 'wall/nanoseconds'])
    expect(file.defaultType).toBe('wall')
    expect(file.periodType).toBe('wall/nanoseconds')
    expect(file.period).toBe(300_000_000)
    expect(file.timeNanos).toBe(BigInt(DETAILS.window.startedAt) * 1_000_000n)
    expect(file.durationNanos).toBe(2_000_000_000)
    for (const { labels } of file.samples) {
      expect(labels).toEqual({ thread: 'resizer', role: 'worker', 'thread id': 3, tid: 4713 })
    }
  })

  it('names files and lines', () => {
    const { functions } = readPprof(toFormat(shop(), 'pprof') as Uint8Array)
    expect(functions).toContainEqual({ name: 'three', file: '/srv/shop/work.mjs', startLine: 11 })
    expect(functions).toContainEqual({ name: 'readSync', file: 'node:fs', startLine: 700 })
  })

  it('deals the time of a function out to the lines on which it was seen', () => {
    const profile = cpuProfileOf([
      [['f@file:///f.js:3'], 100],
      [['f@file:///f.js:3'], 100],
      [['f@file:///f.js:3'], 101],
      [['f@file:///f.js:3'], 99],
    ])
    const nodes = profile.nodes.map((node) =>
      node.hitCount === 4
        ? {
            ...node,
            positionTicks: [
              { line: 5, ticks: 3 },
              { line: 8, ticks: 1 },
            ],
          }
        : node,
    )
    const { samples } = readPprof(toFormat({ ...profile, nodes }, 'pprof') as Uint8Array)
    expect(samples.map(({ lines, values }) => [...lines, ...values])).toEqual([
      [5, 3, 300_000],
      [8, 1, 100_000],
    ])
  })

  it('is read alike by another decoder', () => {
    const bytes = toFormat(knownWork().profile, 'pprof') as Uint8Array
    const decoded = Profile.decode(gunzipSync(bytes))
    const own = readPprof(bytes)
    expect(decoded.sample.map(({ value }) => value.map(Number))).toEqual(
      own.samples.map(({ values }) => values),
    )
    expect(decoded.function.map(({ name }) => decoded.stringTable.strings[Number(name)])).toEqual(
      own.functions.map(({ name }) => name),
    )
  })
})
