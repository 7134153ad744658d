import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { native } from '../../dist/native.js'
import { Outside } from '../../dist/observer/outside/index.js'
import { readTask, readTaskFiles, TASK } from '../../dist/observer/outside/task-reader.js'
import { comm, contextSwitches, schedstat, state, tids } from '../fixtures/proc.mjs'
import { type Cleanup, ServiceProcess, sumOf, TestObserver, temporaryDirectory } from './service.js'

const CPU = 'nodejs_thread_cpu_seconds_total'
const NS_PER_SECOND = 1e9
const TICK_SECONDS = 0.01
const LONG = 600_000

/** Waits until a thread lies still. */
async function still(tid: number, pid: number): Promise<void> {
  await setTimeout(20)
  while (state(tid, pid) !== 'S') await setTimeout(2)
}

const WORKERS = ['a', 'b', 'c']

let dir: string
/** A process whose workers have used some CPU and lie still. */
let parked: ServiceProcess

const cleanups: (() => void)[] = []
const cleanup: Cleanup = (clean) => void cleanups.unshift(clean)

afterAll(() => {
  for (const clean of cleanups) clean()
})

beforeAll(async () => {
  dir = temporaryDirectory(cleanup)
  parked = await ServiceProcess.start(dir, WORKERS, { cleanup })
  for (const name of WORKERS) {
    await parked.tell(name, 'burn', 30)
    await parked.tell(name, 'hold', LONG)
  }
  for (const name of WORKERS) await still(parked.tids.get(name) as number, parked.pid)
})

it('reads what the kernel says of each thread', async () => {
  const { pid, tids: own } = parked
  const values = new TestObserver(dir).values()
  for (const name of ['a', 'b']) {
    const tid = own.get(name) as number
    const { run, wait } = schedstat(tid, pid)
    const { voluntary, involuntary } = contextSwitches(tid, pid)
    const labels = `thread=${name},role=worker`
    // Two parts, each shown in whole ns.
    expect(Math.abs(sumOf(values, CPU, labels) * NS_PER_SECOND - run)).toBeLessThan(1.5)
    expect(run).toBeGreaterThan(30e6)
    const delay = sumOf(values, 'nodejs_thread_run_delay_seconds_total', labels)
    expect(delay * NS_PER_SECOND).toBeCloseTo(wait, 0)
    const switches = (kind: string): number =>
      sumOf(values, 'nodejs_thread_context_switches_total', labels, `kind=${kind}`)
    expect(switches('voluntary')).toBe(voluntary)
    expect(switches('involuntary')).toBe(involuntary)
  }
  const live = sumOf(values, 'nodejs_threads')
  expect(live).toBe(tids(pid).length)
  expect(sumOf(values, 'nodejs_threads', 'role=worker')).toBeGreaterThanOrEqual(2)
})

/** Seconds of CPU of a process by its own stat file, which cuts user and system time down to ticks. */
function processSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_SECONDS
}

it('adds up to the process', async () => {
  const { pid } = parked
  const before = processSeconds(pid)
  const values = new TestObserver(dir).values()
  const after = processSeconds(pid)
  const total = sumOf(values, 'process_cpu_seconds_total')
  expect(total).toBeGreaterThanOrEqual(before - 1e-6)
  expect(total).toBeLessThanOrEqual(after + 2 * TICK_SECONDS)
  const halves = ['user', 'system'].map((half) =>
    sumOf(values, `process_cpu_${half}_seconds_total`),
  )
  expect((halves[0] as number) + (halves[1] as number)).toBeCloseTo(total, 6)
  expect(sumOf(values, 'nodejs_process_cpu_seconds_total')).toBeCloseTo(total, 6)
  // Threads that end at the start of a process are of no thread that is there.
  expect(sumOf(values, CPU)).toBeLessThanOrEqual(total + 1e-6)
  expect(sumOf(values, CPU)).toBeGreaterThan(total - 0.05)
})

it('reads the same with the addon and without', async () => {
  const { pid, tids: own } = parked
  const tid = own.get('a') as number
  const columns = Object.keys(TASK).length - 1
  const withAddon = Array.from(readTask(pid, tid, 3)?.subarray(0, columns) ?? [])
  expect(withAddon).toEqual(Array.from(readTaskFiles(pid, tid, 3) ?? []))
  expect(withAddon.some(Number.isNaN)).toBe(false)
  expect(readTask).not.toBe(readTaskFiles)
  expect(readTaskFiles(pid, 2 ** 22 - 1, 3)).toBeUndefined()
  expect(readTask(pid, 2 ** 22 - 1, 3)).toBeUndefined()
})

it('reads a thread that has not run no further', async () => {
  const { pid, tids: own } = parked
  const observer = new TestObserver(dir)
  observer.collect()
  const read = vi.spyOn(native as NonNullable<typeof native>, 'taskFigures')
  try {
    const before = tids(pid).map((tid) => schedstat(tid, pid).run)
    observer.collect()
    const moved = tids(pid).filter((tid, at) => schedstat(tid, pid).run !== before[at])
    const parkedTids = WORKERS.map((name) => own.get(name))
    const calls = read.mock.calls.filter(([, tid]) => parkedTids.includes(tid))
    expect(calls).toEqual(parkedTids.map((tid) => [pid, tid, 0]))
    expect(read.mock.calls.length).toBeLessThanOrEqual(tids(pid).length + moved.length + 1)
  } finally {
    read.mockRestore()
  }
})

it('tells who the threads are, by their files or by their names', async () => {
  const { pid, tids: own, slot } = parked
  const { threads } = new TestObserver(dir).collect()
  expect(threads.map(({ tid }) => tid).sort()).toEqual(tids(pid).sort())
  const first = threads.find(({ tid }) => tid === own.get('a'))
  expect(first).toMatchObject({ pid, process: slot, threadId: 1, name: 'a', role: 'worker' })
  expect(threads.find(({ tid }) => tid === pid)).toMatchObject({ name: 'main', role: 'main' })
  for (const { tid, name, threadId, program } of threads) {
    if (threadId === null) expect(name).toBe(comm(tid, pid))
    expect(program).toContain('service.mjs')
  }
})

it('names the script of the process, whatever its workers run', () => {
  const { service, outside } = new TestObserver(dir, { leads: false })
  service.refresh()
  const main = ({ threadId }: { threadId: number }): boolean => threadId === 0
  const meters = service.meters
    .map(({ header }) => ({ header: { ...header, program: main(header) ? 'app.js' : 'task.js' } }))
    .sort((a, b) => a.header.threadId - b.header.threadId)
  const { threads } = outside.collect({ meters, ended: [] })
  expect(meters.length).toBe(WORKERS.length + 1)
  expect(new Set(threads.map(({ program }) => program))).toEqual(new Set(['app.js']))
})

it('sees a process that found no room for a meter file, by its number', async () => {
  const own = temporaryDirectory()
  const { pid, slot } = await ServiceProcess.start(own, [], { interval: LONG })
  for (const name of readdirSync(own)) if (name.endsWith('.meter')) rmSync(`${own}/${name}`)
  const { threads, unmetered } = new TestObserver(own).collect()
  expect(unmetered).toBe(1)
  expect(threads.map(({ tid }) => tid).sort()).toEqual(tids(pid).sort())
  expect(threads.find(({ tid }) => tid === pid)).toMatchObject({ process: slot, role: 'main' })
})

it('shows a turn that does not end while it does not end', async () => {
  const own = temporaryDirectory()
  const service = await ServiceProcess.start(own, ['held', 'idle', 'busy'], { interval: 100 })
  const observer = new TestObserver(own)
  await setTimeout(300)
  observer.collect()
  const start = performance.now()
  await service.tell('held', 'hold', 3000)
  await service.tell('busy', 'burn', 1000)
  await setTimeout(700)
  const values = observer.values()
  const elapsed = (performance.now() - start) / 1000
  const stalled = (thread: string): number =>
    sumOf(values, 'nodejs_thread_event_loop_stalled_seconds', `thread=${thread},`)
  // The stamp before the turn may be as old as the interval, which does not count.
  expect(stalled('held')).toBeGreaterThan(elapsed - 0.25)
  expect(stalled('held')).toBeLessThan(elapsed + 0.05)
  expect(stalled('busy')).toBeGreaterThan(elapsed - 0.35)
  expect(stalled('idle')).toBeLessThan(0.25)

  const byName = new Map(observer.readings?.threads.map((thread) => [thread.name, thread]))
  expect(byName.get('held')).toMatchObject({ verdict: 'blocked', state: 'S' })
  expect(byName.get('held')?.cpu).toBeLessThan(0.2)
  expect(byName.get('held')?.eventLoopUtilization).toBeGreaterThan(0.7)
  expect(byName.get('idle')?.verdict).toBe('idle')
  expect(byName.get('idle')?.eventLoopUtilization).toBeLessThan(0.3)
  expect(['busy', 'starved']).toContain(byName.get('busy')?.verdict)
  expect(sumOf(values, 'nodejs_thread_state', 'thread=held,', 'state=blocked')).toBe(1)
  expect(sumOf(values, 'nodejs_thread_state', 'thread=held,')).toBe(1)
})

it('leaves processes out that cannot be seen, and counts them', async () => {
  const observer = new TestObserver(dir, { leads: false })
  observer.service.refresh()
  const elsewhere = observer.service.meters.map(({ header }) => ({
    header: { ...header, pidNamespace: header.pidNamespace + 1 },
  }))
  const outside = new Outside()
  const { hidden, threads, families } = outside.collect({
    meters: elsewhere,
    ended: [],
  })
  expect(hidden).toBe(1)
  expect(threads).toEqual([])
  expect(families).toEqual([])
  // Until their files are folded: then they have ended.
  expect(outside.collect({ meters: [], ended: elsewhere }).hidden).toBe(1)
  expect(outside.collect({ meters: [], ended: [] }).hidden).toBe(0)
})
