import { execFileSync } from 'node:child_process'
import type { CaptureDetails, CpuProfile, HeapProfile } from '../../dist/diagnostics/model.js'
import { cleanEnvironment } from '../fixtures/run.js'

export const DETAILS: CaptureDetails = {
  kind: 'cpu-profile',
  thread: { pid: 4711, tid: 4713, threadId: 3, name: 'resizer', role: 'worker' },
  program: '/srv/shop/server.mjs',
  route: 'inspector',
  stackAtStart: [
    {
      functionName: 'three',
      url: 'file:///srv/shop/work.mjs',
      lineNumber: 12,
      columnNumber: 3,
    },
  ],
  window: {
    startedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
    seconds: 2,
    cpuSeconds: 1.25,
    runDelaySeconds: 0.05,
    eventLoopUtilization: 0.625,
  },
  partial: null,
  versions: { threadmeter: '0.2.0', node: 'v24.1.0', app: 'shop@2.3.4' },
}

type Call = CpuProfile['nodes'][number]['callFrame']

const META = ['(root)', '(program)', '(idle)', '(garbage collector)']

/** `name@url:line`, the line counted from 1, as V8 has it; a name alone has no source. */
export function callFrame(text: string): Call {
  const [, name, url, line] = /^(.*?)(?:@(.*):(\d+))?$/s.exec(text) as string[]
  const isPlain = url === undefined || META.includes(text)
  return {
    functionName: name as string,
    scriptId: '1',
    url: url ?? '',
    lineNumber: isPlain ? -1 : Number(line) - 1,
    columnNumber: isPlain ? -1 : 4,
  }
}

/** What was seen, and for how many µs. */
export type Seen = readonly [stack: readonly string[], micros: number]

interface Growing {
  id: number
  callFrame: Call
  hitCount: number
  children: number[]
}

/** A profile as V8 writes one of samples in this order. The first sample comes 100 µs after the start. */
export function cpuProfileOf(seen: readonly Seen[], details = DETAILS): CpuProfile {
  const nodes: Growing[] = [{ id: 1, callFrame: callFrame('(root)'), hitCount: 0, children: [] }]
  const known = new Map<string, Growing>()
  const leaf = (stack: readonly string[]): Growing => {
    let at = nodes[0] as Growing
    for (const text of stack) {
      const key = `${at.id} ${text}`
      let node = known.get(key)
      if (!node) {
        node = { id: nodes.length + 1, callFrame: callFrame(text), hitCount: 0, children: [] }
        known.set(key, node)
        nodes.push(node)
        at.children.push(node.id)
      }
      at = node
    }
    return at
  }
  const leaves = new Map<readonly string[], Growing>()
  const samples = seen.map(([stack]) => {
    const node = leaves.get(stack) ?? leaf(stack)
    leaves.set(stack, node)
    node.hitCount++
    return node.id
  })
  const startTime = 1_000_000
  const length = seen.reduce((sum, [, micros]) => sum + micros, 0)
  return {
    ...{ nodes, samples, startTime, endTime: startTime + 100 + length },
    timeDeltas: [100, ...seen.slice(0, -1).map(([, micros]) => micros)],
    threadmeter: details,
  }
}

/** 2 s: three quarters of the busy second in `three`, the rest in `one`; then idle. */
export const shop = (details = DETAILS): CpuProfile =>
  cpuProfileOf(
    [
      [['main@file:///srv/shop/server.mjs:1', 'three@file:///srv/shop/work.mjs:11'], 300_000],
      [
        [
          'main@file:///srv/shop/server.mjs:1',
          'three@file:///srv/shop/work.mjs:11',
          'resize@file:///srv/shop/node_modules/@img/scale/index.js:7',
        ],
        450_000,
      ],
      [
        [
          'main@file:///srv/shop/server.mjs:1',
          'one@file:///srv/shop/work.mjs:21',
          'readSync@node:fs:700',
        ],
        200_000,
      ],
      [['(garbage collector)'], 50_000],
      [['(idle)'], 1_000_000],
    ],
    details,
  )

export interface KnownWork {
  readonly profile: CpuProfile
  readonly heap: HeapProfile
  /** ms, by the program's own clock. */
  readonly spent: { readonly three: number; readonly one: number }
}

let work: KnownWork | undefined

/**
 * How far a time of the profile may be from what the program measured, in ms. Between two samples nobody
 * knows when one function ended and the next one began, and the sampler, too, waits for a processor at times.
 */
export function uncertainty({ profile, spent }: KnownWork, name: keyof KnownWork['spent']): number {
  const longestGap = Math.max(...profile.timeDeltas.slice(1)) / 1000
  return spent[name] * 0.05 + 2 * longestGap
}

/** Profiles of a real program, together with what it measured itself. */
export function knownWork(): KnownWork {
  const fixture = new URL('fixtures/formats-known-work.mjs', import.meta.url).pathname
  work ??= JSON.parse(
    execFileSync(process.execPath, [fixture], {
      encoding: 'utf8',
      env: cleanEnvironment(),
      maxBuffer: 2 ** 28,
      timeout: 30_000,
    }),
  ) as KnownWork
  return work
}
