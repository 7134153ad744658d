import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { type Subject, startSubject, untilReachable } from './diagnostics-subject.js'
import { Program } from './program.js'

// A termination that comes while a thread answers must end what it answers, and what it was in before.

const dir = mkdtempSync('/dev/shm/threadmeter-proof-')
const environment = { THREADMETER_DIR: dir }
const snapshots = `${dir}/snapshots`
mkdirSync(snapshots, { mode: 0o700 })

afterAll(async () => {
  await Program.killAll()
  rmSync(dir, { recursive: true, force: true })
})

const SHORT = { seconds: 0.05 }

const ASKED = {
  stack: ({ ask }: Subject) => ask.stack('all'),
  'cpu-profile': ({ ask }: Subject) => ask.cpuProfile('all', SHORT),
  'heap-profile': ({ ask }: Subject) => ask.heapProfile('all', SHORT),
  'heap-snapshot': ({ ask }: Subject) => ask.heapSnapshot('all', { directory: snapshots }),
  'gc-profile': ({ ask }: Subject) => ask.gcProfile('all', SHORT),
}

/** What may come of a thread that ends. */
const EXPECTED = [
  'ERR_THREADMETER_THREAD_ENDED',
  'ERR_THREADMETER_THREAD_BLOCKED',
  'ERR_THREADMETER_THREAD_NOT_FOUND',
  // Who is asked in the last moment: the socket goes before the process does.
  'ERR_THREADMETER_PROCESS_ENDED',
  'ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE',
]

// It asks a thread for an object of Node's, which a thread that is just beginning, or ends, may not have.
const EXPECTED_OF_GC = [...EXPECTED, 'ERR_THREADMETER_CAPTURE_FAILED']

interface Asked {
  answers: number
  readonly codes: Map<string, number>
}

// A thread answers within a millisecond: several have to ask, for the moments to meet.
const ASKERS = 6

/** Asks again and again, as fast as there are answers. */
async function askOnAndOn(
  subject: Subject,
  kind: keyof typeof ASKED,
  isOver: () => boolean,
): Promise<Asked> {
  const asked: Asked = { answers: 0, codes: new Map() }
  const count = (error: Error & { code?: string }) => {
    const { code = error.message } = error
    asked.codes.set(code, (asked.codes.get(code) ?? 0) + 1)
  }
  const one = async () => {
    while (!isOver()) {
      try {
        for (const result of await ASKED[kind](subject)) {
          if ('error' in result) count(result.error)
          else asked.answers++
        }
      } catch (error) {
        count(error as Error)
        await sleep(5)
      }
    }
  }
  await Promise.all(Array.from({ length: ASKERS }, one))
  return asked
}

/** Asks while the program does what it does, until it says what came of it. */
async function during<Outcome extends object>(
  fixture: string,
  args: string[],
  kind: keyof typeof ASKED,
): Promise<{ outcome: Outcome; asked: Asked; code: unknown; tookMs: number }> {
  const subject = await startSubject(fixture, args, environment)
  const { program } = subject
  await untilReachable(subject)
  const begin = performance.now()
  program.send('go')
  let isOver = false
  const outcome = Promise.race([
    once(program.child, 'message').then(([message]) => message as Outcome),
    program.ended().then((code) => ({ code, errors: program.errors }) as unknown as Outcome),
    sleep(40_000, { never: 'over' } as unknown as Outcome, { ref: false }),
  ]).finally(() => {
    isOver = true
  })
  const asking = askOnAndOn(subject, kind, () => isOver)
  const said = await outcome
  const tookMs = performance.now() - begin
  const ended = await Promise.race([program.ended(), sleep(5000, 'runs on', { ref: false })])
  await program.kill()
  const asked = await asking
  const codes = [...asked.codes].map(([code, times]) => `${code} ${times}`)
  console.log(
    `${fixture} ${args.join(' ')}, ${kind}: ${tookMs.toFixed(0)} ms, ${asked.answers} answers`,
    codes.join(', '),
  )
  return { outcome: said, asked, code: ended, tookMs }
}

describe('workers that are terminated at random moments', () => {
  it.each([
    { kind: 'stack', count: 200 },
    { kind: 'cpu-profile', count: 60 },
    { kind: 'heap-profile', count: 60 },
    { kind: 'heap-snapshot', count: 40 },
    { kind: 'gc-profile', count: 100 },
  ] as const)('all end while $kind is asked of them', async ({ kind, count }) => {
    const { outcome, asked, code } = await during<{ ended: number; hung: string[] }>(
      'diagnostics-terminated',
      [String(count), '2463534242'],
      kind,
    )
    expect(outcome).toEqual({ ended: count, hung: [] })
    expect(code).toBe(0)
    expect(asked.answers).toBeGreaterThan(count / 10)
    const expected = kind === 'gc-profile' ? EXPECTED_OF_GC : EXPECTED
    expect(expected).toEqual(expect.arrayContaining([...asked.codes.keys()]))
    expect(readdirSync(snapshots).filter((name) => name.startsWith('.'))).toEqual([])
    for (const name of readdirSync(snapshots)) rmSync(`${snapshots}/${name}`)
  })
})

describe('scripts of the main thread', () => {
  it.each([
    { kind: 'stack', count: 150, least: 16 },
    { kind: 'gc-profile', count: 100, least: 11 },
    // Each takes longer than a script, whose end is the end of it, too.
    { kind: 'heap-snapshot', count: 20, least: 0 },
  ] as const)('are ended by their time-outs while $kind is asked of it', async (row) => {
    const { kind, count, least } = row
    const { outcome, asked, code } = await during<{ ended: number }>(
      'diagnostics-timeouts',
      [String(count)],
      kind,
    )
    expect(outcome).toEqual({ ended: count })
    expect(code).toBe(0)
    expect(asked.answers).toBeGreaterThanOrEqual(least)
    expect(asked.answers + asked.codes.size).toBeGreaterThan(0)
  })
})
