import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import type { CaptureDetails, Diagnostics } from '../../dist/diagnostics/index.js'
import { startSubject, timed, untilReachable } from './diagnostics-subject.js'
import { Program } from './program.js'

const dir = mkdtempSync('/dev/shm/threadmeter-proof-')
const environment = { THREADMETER_DIR: dir }
const snapshots = `${dir}/snapshots`
mkdirSync(snapshots, { mode: 0o700 })

afterAll(async () => {
  await Program.killAll()
  rmSync(dir, { recursive: true, force: true })
})

// A thread that writes its snapshot is in a native call for the others.
const SHORT = { seconds: 0.3, wait: 40_000 }

interface Answer {
  readonly details: CaptureDetails
  /** All of it, in which a thread's own function shows. */
  readonly text: string
}

const KINDS: ((ask: Diagnostics, thread: number) => Promise<Answer>)[] = [
  async (ask, thread) => {
    const report = await ask.stack(thread, SHORT)
    return { details: report, text: JSON.stringify(report.frames) }
  },
  async (ask, thread) => {
    const { nodes, threadmeter } = await ask.cpuProfile(thread, SHORT)
    return { details: threadmeter, text: JSON.stringify(nodes) }
  },
  async (ask, thread) => {
    const { threadmeter } = await ask.heapProfile(thread, SHORT)
    return { details: threadmeter, text: JSON.stringify(threadmeter.stackAtStart) }
  },
  async (ask, thread) => {
    const { threadmeter } = await ask.gcProfile(thread, SHORT)
    return { details: threadmeter, text: JSON.stringify(threadmeter.stackAtStart) }
  },
  async (ask, thread) => {
    const { path, threadmeter } = await ask.heapSnapshot(thread, {
      directory: snapshots,
      wait: 40_000,
    })
    rmSync(path)
    return { details: threadmeter, text: JSON.stringify(threadmeter.stackAtStart) }
  },
]

const rssOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

describe('50 requests at once', () => {
  const REQUESTS = 50

  it('are all answered, each with its own thread', async () => {
    const subject = await startSubject('diagnostics-crowd', ['fixed', '4'], environment)
    const { program, ask } = subject
    const threadIds = await program.received<number[]>(({ threadIds }) => threadIds)
    await untilReachable(subject)
    await sleep(300)
    const round = () =>
      Promise.all(
        Array.from({ length: REQUESTS }, async (_, index) => {
          const thread = threadIds[index % threadIds.length] as number
          // Every fifth would meet the same thread again and again otherwise.
          const kind = KINDS[(index + Math.floor(index / KINDS.length)) % KINDS.length]
          const { value, error, ms } = await timed((kind as (typeof KINDS)[0])(ask, thread))
          if (error !== undefined) throw error
          expect((value as Answer).details.thread).toMatchObject({
            pid: program.pid,
            threadId: thread,
          })
          expect((value as Answer).text).toContain(`"spins${thread}"`)
          for (const other of threadIds.filter((id) => id !== thread)) {
            expect((value as Answer).text).not.toContain(`"spins${other}"`)
          }
          return ms
        }),
      )
    const sizes: number[] = []
    const slowest: number[] = []
    for (let i = 0; i < 4; i++) {
      slowest.push(Math.max(...(await round())))
      sizes.push(rssOf(program.pid))
    }
    const [list] = [(await ask.threads()).map(({ threadId }) => threadId)]
    console.log(`slowest ${slowest.map(Math.round)} ms, RSS ${sizes.map(Math.round)} MB`)
    expect(list).toEqual([0, ...threadIds])
    // The first rounds load code and let heaps grow.
    expect((sizes.at(-1) as number) - (sizes[1] as number)).toBeLessThan(
      (sizes[1] as number) * 0.25,
    )
    program.send('end')
    expect(await program.ended()).toBe(0)
  })
})

describe('a thousand short-lived workers', () => {
  it('come and go while all stacks are asked for', { timeout: 110_000 }, async () => {
    const subject = await startSubject('diagnostics-crowd', ['short', '1000'], environment)
    const { program, ask } = subject
    await untilReachable(subject)
    program.send('go')
    const begin = performance.now()
    let workers = 0
    const codes = new Map<string, number>()
    while (!program.hasEnded) {
      try {
        for (const result of await ask.stack('all')) {
          if ('error' in result)
            codes.set(`${result.error.code}`, (codes.get(`${result.error.code}`) ?? 0) + 1)
          else if (result.thread.role === 'worker') workers++
        }
      } catch (error) {
        const code = `${(error as { code?: string }).code}`
        codes.set(code, (codes.get(code) ?? 0) + 1)
        await sleep(5)
      }
    }
    // By itself: nobody holds it.
    expect(await program.ended(), program.errors).toBe(0)
    expect(await program.received(({ lived }) => lived)).toBe(1000)
    console.log(
      `${Math.round(performance.now() - begin)} ms, ${workers} stacks`,
      [...codes].join(' '),
    )
    expect(workers).toBeGreaterThan(100)
    expect([
      'ERR_THREADMETER_THREAD_ENDED',
      'ERR_THREADMETER_PROCESS_ENDED',
      'ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE',
    ]).toEqual(expect.arrayContaining([...codes.keys()]))
  })
})

describe('a thread near its heap limit', () => {
  it.each([
    ['main', ['--max-old-space-size=128']],
    ['worker', []],
  ] as const)('%s: is asked for all, and lives on', async (where, node) => {
    const start = () => startSubject('diagnostics-full', [where, '0.9'], environment, node)
    // Nobody asks it: it shows that such a program does not end by itself.
    const [subject, alone] = await Promise.all([start(), start()])
    const { program, ask } = subject
    const { threadId, used } = await program.received<{ threadId: number; used: number }>(
      (message) => ('used' in message ? message : undefined),
    )
    await untilReachable(subject)
    const asked = {
      stack: await timed<object>(ask.stack(threadId)),
      'cpu-profile': await timed<object>(ask.cpuProfile(threadId, SHORT)),
      'heap-profile': await timed<object>(ask.heapProfile(threadId, SHORT)),
      'gc-profile': await timed<object>(ask.gcProfile(threadId, SHORT)),
      'heap-snapshot': await timed<object>(ask.heapSnapshot(threadId, { directory: snapshots })),
    }
    const told = Object.entries(asked).map(
      ([kind, { ms, error }]) => `${kind} ${Math.round(ms)} ms ${error?.code ?? ''}`,
    )
    console.log(`${where} at ${(used * 100).toFixed(0)} %: ${told.join(', ')}`)
    expect(alone.program.hasEnded, alone.program.errors).toBe(false)
    await alone.program.kill()
    for (const [kind, { error }] of Object.entries(asked)) {
      expect([kind, error?.code]).toEqual([kind, undefined])
    }
    program.send('stop')
    expect(await program.received(({ alive }) => alive)).toBe(true)
    expect(await program.ended(), program.errors).toBe(0)
  })
})
