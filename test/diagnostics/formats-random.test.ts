import { describe, expect, it } from 'vitest'
import { toFormat } from '../../dist/diagnostics/formats/convert.js'
import type { CpuProfile } from '../../dist/diagnostics/model.js'
import { randomNumbers } from '../adapters/simulated-process.js'
import { readPageData } from './flame-page.js'
import { cpuProfileOf, type Seen } from './formats-profiles.js'
import { pprofStacks, readFolded, readPprof, readSpeedscope, total } from './formats-readers.js'

const PROFILES = 60
const MOST_SAMPLES = 300

// What a program may call its functions and files.
const NAMES = [
  'plain',
  'a;b',
  'two words',
  'line\nfeed',
  '\u2028',
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  '<!--',
  '"quoted\' & \\ %s',
  'ä€😀',
  '\ud800',
  '__proto__',
  'constructor',
  '',
  '(idle)',
  '(garbage collector)',
  '7',
]
const URLS = [
  '',
  'node:fs',
  'file:///srv/a b.js',
  'file:///srv/node_modules/@x/y/z.js',
  'file:///%zz',
  'wasm://wasm/0badf00d',
  'evalmachine.<anonymous>',
]

/** A profile of a seed: stacks that share calls, with samples out of order now and then. */
function randomProfile(seed: number): CpuProfile {
  const random = randomNumbers(seed)
  const below = (count: number): number => Math.floor(random() * count)
  const of = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item
  const frame = (): string => {
    const url = of(URLS)
    return url === '' ? of(NAMES) : `${of(NAMES)}@${url}:${1 + below(3)}`
  }
  let stack: string[] = []
  const seen = Array.from({ length: below(MOST_SAMPLES) }, (): Seen => {
    stack = [...stack.slice(0, below(stack.length + 1)), ...Array.from({ length: below(4) }, frame)]
    return [stack, below(2000)]
  })
  const profile = cpuProfileOf(seen)
  const timeDeltas = profile.timeDeltas.map((delta, at) =>
    at > 0 && random() < 0.05 ? -below(500) : delta,
  )
  return { ...profile, timeDeltas }
}

/** From the first sample in time to the end, or to the last one where that is later. */
function length({ startTime, endTime, timeDeltas }: CpuProfile): number {
  let at = startTime
  const times = timeDeltas.map((delta) => {
    at += delta
    return at
  })
  if (times.length === 0) return 0
  return Math.max(endTime, ...times) - Math.min(...times)
}

const seeds = Array.from({ length: PROFILES }, (_, seed) => seed + 1)

describe('random profiles', () => {
  it.each(seeds)('weigh the same in every format (seed %i)', (seed) => {
    const profile = randomProfile(seed)
    const weight = length(profile)
    const { stacks } = readSpeedscope(toFormat(profile, 'speedscope') as string)
    const pprof = readPprof(toFormat(profile, 'pprof') as Uint8Array)
    const page = readPageData(toFormat(profile, 'html') as string)
    expect(total(readFolded(toFormat(profile, 'folded') as string))).toBe(weight)
    expect(total(stacks)).toBe(weight)
    expect(total(pprofStacks(pprof, 1))).toBe(weight * 1000)
    expect(total(pprofStacks(pprof, 0))).toBe(profile.samples.length)
    expect(page.nodes.self.reduce((sum, self) => sum + self, 0)).toBe(weight)
    // Per function too: no format gives one what belongs to another.
    const byStack = (list: typeof stacks): Map<string, number> => {
      const sums = new Map<string, number>()
      for (const { names, weight: part } of list) {
        if (part === 0) continue
        const key = names.join('\0')
        sums.set(key, (sums.get(key) ?? 0) + part)
      }
      return new Map([...sums].sort())
    }
    const ofPprof = pprofStacks(pprof, 1).map(({ names, weight: part }) => {
      return { names, weight: part / 1000 }
    })
    const wellFormed = stacks.map(({ names, weight: part }) => {
      // UTF-8 has no halves of pairs.
      return { names: names.map((name) => Buffer.from(name).toString()), weight: part }
    })
    expect(byStack(ofPprof)).toEqual(byStack(wellFormed))
  })
})
