import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CpuProfile, HeapSnapshotFile, StackReport } from '../../dist/diagnostics/index.js'
import {
  openFifo,
  type Subject,
  startInState,
  type Timed,
  timed,
  untilReachable,
} from './diagnostics-subject.js'
import { Program } from './program.js'
import { selfShares } from './self-shares.js'

/** Within which it is said what a thread does, beyond what a program that does nothing takes. */
const SAID_MS = 1500
const WINDOW = { seconds: 0.7 }

const dir = mkdtempSync('/dev/shm/threadmeter-proof-')
const environment = { THREADMETER_DIR: dir, FIFO: `${dir}/fifo` }
const snapshots = `${dir}/snapshots`
let closeFifo: () => void
let control: Subject

const TARGETS = ['main', 'a worker', 'a nested worker']

/** The innermost function that is told, and what its share of a profile is under. */
const IN_JAVASCRIPT = [
  { state: 'spin', innermost: 'spin', self: /^spin$/ },
  { state: 'fibonacci', innermost: 'fibonacci', self: /^fibonacci$/ },
  { state: 'match', innermost: 'match', self: /^match$|^RegExp: / },
  { state: 'waitForLock', innermost: 'waitForLock', self: /^waitForLock$|^wait$/ },
  { state: 'runWasm', innermost: /^(wasm-function|\$?spin)/, self: /^(wasm-function|\$?spin)/ },
  { state: 'drain', innermost: 'drain', self: /^drain$/ },
] as const

const IN_A_CALL = [
  { state: 'pbkdf2', kernel: { state: 'R', syscall: null } },
  { state: 'exec', kernel: { state: 'S', syscall: 'epoll_pwait' } },
  { state: 'readFifo', kernel: { state: 'S', syscall: 'read' } },
] as const

const figures = new Map<string, number[]>()

function note(what: string, ms: number): void {
  const list = figures.get(what) ?? []
  list.push(ms)
  figures.set(what, list)
}

/** Asks, and asks a program that does nothing at the same time: how much longer it took. */
async function beyondControl<Value>(
  what: string,
  ask: () => Promise<Value>,
): Promise<Timed<Value> & { beyond: number }> {
  const [asked, idle] = await Promise.all([timed(ask()), timed(control.ask.stack())])
  note(what, asked.ms)
  note('control', idle.ms)
  return { ...asked, beyond: asked.ms - idle.ms }
}

/** Every target in the state, all at once. */
const inAllTargets = (
  state: string,
  check: (subject: Subject & { target: number }, name: string) => Promise<void>,
) =>
  Promise.all(
    TARGETS.map(async (name, depth) => {
      const subject = await startInState(depth, [state], environment)
      await check(subject, name).finally(() => subject.program.kill())
    }),
  )

function expectSnapshot({ path, bytes, threadmeter }: HeapSnapshotFile, target: number): void {
  const text = readFileSync(path, 'utf8')
  rmSync(path)
  expect(Buffer.byteLength(text)).toBe(bytes)
  const { snapshot, nodes, strings } = JSON.parse(text)
  expect(nodes.length).toBe(snapshot.node_count * snapshot.meta.node_fields.length)
  expect(snapshot.node_count).toBeGreaterThan(10_000)
  const marks = strings.filter((string: string) => /^this is thread \d+$/.test(string))
  expect(marks).toEqual([`this is thread ${target}`])
  expect(threadmeter).toMatchObject({ kind: 'heap-snapshot', thread: { threadId: target } })
}

const names = (frames: StackReport['frames'] | null) =>
  frames?.map(({ functionName }) => functionName) ?? []

/** Asks a thread for all that there is; those that do not disturb each other, side by side. */
async function askForAll({ ask, target }: Subject & { target: number }, what = 'stack') {
  const report = await beyondControl(what, () => ask.stack(target))
  const [cpu, heap, gc] = await Promise.all([
    ask.cpuProfile(target, WINDOW),
    ask.heapProfile(target, WINDOW),
    ask.gcProfile(target, WINDOW),
  ])
  const snapshot = await timed(ask.heapSnapshot(target, { directory: snapshots }))
  if (snapshot.error !== undefined) throw snapshot.error
  note('heap-snapshot', snapshot.ms)
  expect(report.beyond).toBeLessThan(SAID_MS)
  for (const { threadmeter } of [cpu, heap, gc]) {
    expect(threadmeter).toMatchObject({ thread: { threadId: target }, partial: null })
    expect(threadmeter.window.seconds).toBeGreaterThan(WINDOW.seconds * 0.99)
  }
  expect(heap.head.callFrame.functionName).toBe('(root)')
  for (const { pause } of gc.collections) expect(pause).toBeGreaterThan(0)
  expectSnapshot(snapshot.value as HeapSnapshotFile, target)
  return { report: report.value as StackReport, cpu }
}

beforeAll(async () => {
  mkdirSync(snapshots, { mode: 0o700 })
  closeFifo = openFifo(environment.FIFO)
  control = await startInState(0, ['idle'], environment)
  await untilReachable(control)
  await control.ask.stack()
})

afterAll(async () => {
  await Program.killAll()
  closeFifo()
  rmSync(dir, { recursive: true, force: true })
  for (const [what, list] of figures) {
    const sorted = list.toSorted((a, b) => a - b)
    const [half, most] = [sorted[sorted.length >> 1], sorted.at(-1)] as [number, number]
    console.log(`${what}: ${sorted.length}, median ${half.toFixed(0)}, most ${most.toFixed(0)} ms`)
  }
})

const shareIn = (profile: CpuProfile, pattern: RegExp): number => {
  let sum = 0
  for (const [name, share] of selfShares(profile)) if (pattern.test(name)) sum += share
  return sum
}

describe('a thread in JavaScript', () => {
  it.each(IN_JAVASCRIPT)('$state: all of it, by the right name', async (row) => {
    await inAllTargets(row.state, async (subject, name) => {
      const { report, cpu } = await askForAll(subject)
      const seen = { name, state: report.state, innermost: names(report.frames)[0] }
      expect(seen).toEqual({ name, state: 'javascript', innermost: matching(row.innermost) })
      const top = [...selfShares(cpu)].sort(([, a], [, b]) => b - a).slice(0, 4)
      expect(shareIn(cpu, row.self), `${name} ${JSON.stringify(top)}`).toBeGreaterThan(0.8)
      // Of a loop that already ran, V8 by itself blames all on the caller.
      expect(shareIn(cpu, /^blameless$/)).toBeLessThan(0.1)
      expect(names(cpu.threadmeter.stackAtStart)[0]).toEqual(matching(row.innermost))
    })
  })

  it('none: idle', async () => {
    await inAllTargets('idle', async (subject, name) => {
      const { report, cpu } = await askForAll(subject)
      expect({ name, state: report.state, frames: report.frames }).toEqual({
        ...{ name, state: 'idle', frames: [] },
      })
      expect(shareIn(cpu, /^\(idle\)$/), name).toBeGreaterThan(0.8)
      expect(cpu.threadmeter.stackAtStart).toEqual([])
    })
  })
})

const matching = (what: string | RegExp) =>
  typeof what === 'string' ? what : expect.stringMatching(what)

describe('a thread in a native call', () => {
  it.each(IN_A_CALL)('$state: said, and refused', async ({ state, kernel }) => {
    await inAllTargets(state, async ({ ask, target }, name) => {
      const kinds = {
        'cpu-profile': () => ask.cpuProfile(target),
        'heap-profile': () => ask.heapProfile(target),
        'heap-snapshot': () => ask.heapSnapshot(target, { directory: snapshots }),
        'gc-profile': () => ask.gcProfile(target),
      }
      const [stack, ...refusals] = await Promise.all([
        beyondControl('native stack', () => ask.stack(target)),
        ...Object.values(kinds).map((kind) => beyondControl<object>('refusal', kind)),
      ])
      if (stack.error !== undefined) throw stack.error
      const { state: found, frames, kernel: view } = stack.value as StackReport
      expect({ name, found, frames, view }).toMatchObject({
        ...{ name, found: 'native', frames: [], view: kernel },
      })
      const wanted = (view.cpu ?? 0) + (view.runDelay ?? 0)
      if (kernel.state === 'R') expect(wanted).toBeGreaterThan(0.8)
      else expect(wanted).toBeLessThan(0.2)
      expect(stack.beyond).toBeLessThan(SAID_MS)
      for (const { error, beyond } of refusals) {
        expect(error).toMatchObject({ code: 'ERR_THREADMETER_THREAD_BLOCKED', details: kernel })
        expect(beyond).toBeLessThan(SAID_MS)
      }
    })
  })

  it('is waited for, and asked when the call returns', async () => {
    await inAllTargets('pbkdf2Once', async ({ ask, target }, name) => {
      const events: string[] = []
      const onProgress = ({ event }: { event: string }) => void events.push(event)
      const profile = await ask.cpuProfile(target, { ...WINDOW, wait: 40_000, onProgress })
      expect([name, events.slice(0, 2)]).toEqual([name, ['blocked', 'started']])
      expect(profile.threadmeter).toMatchObject({ thread: { threadId: target }, partial: null })
      expect(shareIn(profile, /^\(idle\)$/)).toBeGreaterThan(0.8)
    })
  })
})

describe('a worker behind a main thread in a native call', () => {
  const STATES = ['spin', 'fibonacci', 'waitForLock', 'idle']
  // Two threads of each of them may be busy: no more of them at a time.
  const PAIRS = [STATES.slice(0, 2), STATES.slice(2)]
  const ROWS = IN_A_CALL.flatMap(({ state: main }) => PAIRS.map((states) => ({ main, states })))

  async function checkBehind(main: string, state: string, depth: number): Promise<void> {
    const subject = await startInState(depth, [state, main], environment)
    try {
      const { report, cpu } = await askForAll(subject, 'stack behind main')
      expect({ state: report.state, route: report.route }).toEqual({
        ...{ state: state === 'idle' ? 'idle' : 'javascript', route: 'interrupt' },
      })
      const self = state === 'idle' ? /^\(idle\)$/ : new RegExp(`^${state}$|^wait$`)
      expect(shareIn(cpu, self), `${state} behind ${main}`).toBeGreaterThan(0.8)
      expect((await subject.ask.stack('main')).state).toBe('native')
    } finally {
      await subject.program.kill()
    }
  }

  it.each(ROWS)('$main: $states are reached', async ({ main, states }) => {
    await Promise.all(states.map((state, index) => checkBehind(main, state, 1 + index)))
  })
})
