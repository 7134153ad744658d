import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import type { CpuProfile, HeapSnapshotFile } from '../../dist/diagnostics/index.js'
import { DebuggerClient } from '../diagnostics/engine-debugger.js'
import {
  type Subject,
  startSubject,
  type Timed,
  timed,
  untilReachable,
} from './diagnostics-subject.js'
import { Program } from './program.js'

// How programs end in the middle of a capture, beside how they end without one.

/** An exit waits for half a second at most for captures. */
const LONGER_MS = 500
/** That of a worker, for what it was asked for. */
const WORKER_LONGER_MS = 2000
const PATIENCE_MS = 15_000

const dir = mkdtempSync('/dev/shm/threadmeter-proof-')
const snapshots = `${dir}/snapshots`
mkdirSync(snapshots, { mode: 0o700 })

afterAll(async () => {
  await Program.killAll()
  rmSync(dir, { recursive: true, force: true })
})

type Target = 'main' | 'worker'

interface Way {
  readonly how: string
  readonly target: Target
  readonly signal?: NodeJS.Signals
  /** Exit code, or signal. */
  readonly code: number | string
  /** What a profile of a minute comes to. */
  readonly partial: 'process ended' | 'thread ended' | 'ERR_THREADMETER_PROCESS_ENDED'
}

const LOST = 'ERR_THREADMETER_PROCESS_ENDED'

const WAYS: Way[] = [
  { how: 'drain', target: 'main', code: 0, partial: 'process ended' },
  { how: 'exit', target: 'main', code: 7, partial: 'process ended' },
  { how: 'exit', target: 'worker', code: 7, partial: 'process ended' },
  { how: 'throw', target: 'main', code: 1, partial: 'process ended' },
  { how: 'terminate', target: 'worker', code: 5, partial: 'thread ended' },
  { how: 'worker exit', target: 'worker', code: 5, partial: 'thread ended' },
  { how: 'nothing', target: 'main', signal: 'SIGTERM', code: 'SIGTERM', partial: LOST },
  { how: 'handles SIGTERM', target: 'main', signal: 'SIGTERM', code: 9, partial: 'process ended' },
  { how: 'nothing', target: 'main', signal: 'SIGKILL', code: 'SIGKILL', partial: LOST },
]

type Place = 'plain' | 'with --inspect' | 'with a debugger'

interface Ended {
  readonly code: unknown
  readonly tookMs: number
}

/** A program up to the moment before its end, with a debugger where one is wanted. */
async function prepare({ how }: Way, place: Place, objects = 0) {
  const node = place === 'plain' ? [] : ['--inspect=127.0.0.1:0']
  const args = [how, String(objects)]
  const environment = { THREADMETER_DIR: dir }
  const subject = await startSubject('diagnostics-ends', args, environment, node)
  const worker = await subject.program.received<number>(({ worker }) => worker)
  await untilReachable(subject)
  const client = place === 'with a debugger' ? await attach(subject) : undefined
  return { ...subject, worker, client }
}

/** Does what a person's debugger does: leaves when the program has ended. */
async function attach({ program }: Subject): Promise<DebuggerClient> {
  const client = await DebuggerClient.connect(program.errors)
  client.send('Runtime.enable')
  client.send('Debugger.enable')
  void client.hear('Runtime.executionContextDestroyed').then(() => client.close())
  return client
}

async function end({ program }: Subject, { signal }: Way): Promise<Ended> {
  program.send('end')
  let endsAt = await program.received<number>(({ endsAt }) => endsAt)
  if (signal !== undefined) {
    endsAt = Date.now()
    program.child.kill(signal)
  }
  const code = await Promise.race([program.ended(), sleep(PATIENCE_MS, 'hangs', { ref: false })])
  const tookMs = Date.now() - endsAt
  await program.kill()
  return { code, tookMs }
}

/** Ends it in the middle of what is asked, once that runs. */
async function endDuring<Value>(
  subject: Subject,
  way: Way,
  ask: (onProgress: (event: { event: string }) => void) => Promise<Value>,
  afterMs: number,
): Promise<Ended & { answer: Timed<Value> }> {
  let start = () => {}
  const started = new Promise<void>((resolve) => {
    start = resolve
  })
  const asked = timed(ask(({ event }) => event === 'started' && start()))
  await Promise.race([started, asked])
  await sleep(afterMs)
  const ended = await end(subject, way)
  return { ...ended, answer: await asked }
}

const files = () => readdirSync(dir).filter((name) => name.endsWith('.sock'))

async function profileCase(way: Way, place: Place) {
  const [alone, asked] = await Promise.all([prepare(way, place), prepare(way, place)])
  const control = await end(alone, way)
  const target = way.target === 'main' ? 0 : asked.worker
  const { answer, code, tookMs } = await endDuring<CpuProfile>(
    asked,
    way,
    (onProgress) => asked.ask.cpuProfile(target, { seconds: 5, onProgress }),
    600,
  )
  return { control, answer, code, tookMs, errors: asked.program.errors }
}

const rows: string[] = []
afterAll(() => console.log(rows.join('\n')))

describe.each<Place>(['plain', 'with --inspect', 'with a debugger'])('a profile, %s', (place) => {
  it.each(WAYS)('$target: $how $signal', async (way) => {
    const { control, answer, code, tookMs, errors } = await profileCase(way, place)
    rows.push(
      `${place}, ${way.target}: ${way.how} ${way.signal ?? ''}: ${tookMs} ms (${control.tookMs})`,
    )
    expect({ code, without: control.code }, errors).toEqual({ code: way.code, without: way.code })
    const most = way.partial === 'thread ended' ? WORKER_LONGER_MS : LONGER_MS
    expect(tookMs - control.tookMs).toBeLessThan(most)
    if (way.partial === LOST) expect(answer.error).toMatchObject({ code: LOST })
    else {
      expect(answer.error).toBeUndefined()
      const { nodes, threadmeter } = answer.value as CpuProfile
      expect(threadmeter.partial).toBe(way.partial)
      expect(nodes.map(({ callFrame }) => callFrame.functionName)).toContain('working')
    }
  })
})

describe.each<Place>(['plain', 'with a debugger'])('a snapshot, %s', (place) => {
  // All of it, or nothing: what has begun is waited for where the thread itself ends.
  it.each(WAYS)('$target: $how $signal', async (way) => {
    const subject = await prepare(way, place, 150_000)
    const target = way.target === 'main' ? 0 : subject.worker
    const { answer, code, tookMs } = await endDuring<HeapSnapshotFile>(
      subject,
      way,
      (onProgress) => subject.ask.heapSnapshot(target, { directory: snapshots, onProgress }),
      150,
    )
    const came = answer.error?.code ?? 'a snapshot'
    rows.push(
      `snapshot, ${place}, ${way.target}: ${way.how} ${way.signal ?? ''}: ${tookMs} ms, ${came}`,
    )
    expect(code).toBe(way.code)
    expect(['a snapshot', LOST, 'ERR_THREADMETER_THREAD_ENDED']).toContain(came)
    // A killed process leaves what the next snapshot in that place removes.
    const left = readdirSync(snapshots).filter((name) => name.startsWith('.'))
    if (typeof way.code === 'number') expect(left).toEqual([])
    for (const name of readdirSync(snapshots)) rmSync(`${snapshots}/${name}`, { recursive: true })
  })
})

describe('a program that a debugger has paused in the middle of a profile', () => {
  async function pausedDuring(way: Way, onPause: (client: DebuggerClient) => void) {
    const subject = await prepare(way, 'with a debugger')
    const client = subject.client as DebuggerClient
    const asked = timed(subject.ask.cpuProfile('main', { seconds: 5 }))
    await sleep(700)
    const paused = client.hear('Debugger.paused')
    client.send('Debugger.pause')
    await paused
    await sleep(200)
    onPause(client)
    const ended =
      way.signal === undefined || way.how !== 'nothing'
        ? await end(subject, way)
        : await killed(subject, way)
    return { ...ended, answer: await asked }
  }

  async function killed({ program }: Subject, { signal }: Way): Promise<Ended> {
    const begin = Date.now()
    program.child.kill(signal)
    const code = await Promise.race([program.ended(), sleep(PATIENCE_MS, 'hangs', { ref: false })])
    return { code, tookMs: Date.now() - begin }
  }

  it.each(WAYS.filter(({ target }) => target === 'main'))('$how $signal', async (way) => {
    // One that is killed is killed while it is paused; others go on first.
    const isKilled = way.partial === LOST
    const { code, answer, tookMs } = await pausedDuring(way, (client) => {
      if (!isKilled) client.send('Debugger.resume')
    })
    rows.push(`paused: ${way.how} ${way.signal ?? ''}: ${tookMs} ms`)
    expect(code).toBe(way.code)
    if (isKilled) expect(answer.error).toMatchObject({ code: LOST })
    else expect(answer.value?.threadmeter.partial).toBe('process ended')
  })
})

it('leaves no socket behind, but those of killed processes until another one starts', async () => {
  const way = WAYS[1] as Way
  const subject = await prepare(way, 'plain')
  expect(files()).toHaveLength(1)
  await end(subject, way)
  expect(files()).toEqual([])
})
