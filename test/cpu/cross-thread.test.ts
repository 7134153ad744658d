import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { type ThreadInfo, threads } from 'threadmeter'
import { beforeAll, describe, expect, it } from 'vitest'
import { Occupied } from '../fixtures/occupied.js'
import { state } from '../fixtures/proc.mjs'
import { fixturePath } from '../fixtures/run.js'

/** Looks at a worker from this thread, again and again while it is occupied. */
async function looksAt(worker: Occupied, every = 40, atMost = 20): Promise<ThreadInfo[]> {
  const looks: ThreadInfo[] = []
  while (worker.isOccupied && looks.length < atMost) {
    looks.push(worker.look())
    await setTimeout(every)
  }
  return looks
}

function expectBetween(worker: Occupied, looks: ThreadInfo[]): void {
  for (const { cpuTime } of looks) {
    expect(cpuTime).toBeGreaterThanOrEqual(worker.before)
    expect(cpuTime).toBeLessThanOrEqual(worker.after)
  }
}

describe('a reading from another thread', () => {
  // The first looks at the runner's own threads find out what these are.
  beforeAll(async () => {
    threads()
    await setTimeout(1_100)
    threads()
  })

  // A worker in an endless loop, directly under main and one level further down, tells its own clock
  // at each turn: the reading from outside lies between a turn before it and a turn after it.
  it.each(['loop', 'nested'] as const)(
    'equals the own reading of a worker in a %s',
    async (kind) => {
      const worker = new Occupied(kind)
      await worker.occupied()
      // Until enough of the bounds are close: on a crowded machine one of the two threads often stands.
      let close = 0
      for (const end = performance.now() + 10_000; close < 20 && performance.now() < end; ) {
        worker.turn()
        const earlier = worker.latest
        const { cpuTime, threadId, role } = worker.look()
        worker.turn()
        const later = worker.latest
        expect(cpuTime).toBeGreaterThanOrEqual(earlier)
        expect(cpuTime).toBeLessThanOrEqual(later)
        expect({ threadId, role }).toEqual({ threadId: worker.threadId, role: 'worker' })
        if (later - earlier < 0.5e6) close++
      }
      await worker.release()
      expect(close).toBe(20)
    },
  )

  it('goes up while the worker is in pbkdf2Sync, as fast as the kernel lets it run', async () => {
    const worker = new Occupied('pbkdf2Sync')
    await worker.occupied()
    const start = performance.now()
    const looks = await looksAt(worker)
    const last = looks.at(-1) as ThreadInfo
    const first = looks[0] as ThreadInfo
    const wall = performance.now() - start
    await worker.release()
    expect(looks.length).toBeGreaterThan(3)
    expectBetween(worker, looks)
    const steps = looks.slice(1).map(({ cpuTime }, i) => cpuTime - (looks[i]?.cpuTime ?? 0))
    expect(Math.min(...steps)).toBeGreaterThan(0)
    // It is runnable all the while: what it did not run it waited for a processor.
    const accounted = last.cpuTime - first.cpuTime + (last.runDelay ?? 0) - (first.runDelay ?? 0)
    expect(accounted / 1e6).toBeGreaterThan((wall - 40) * 0.8)
    expect(accounted / 1e6).toBeLessThan(wall * 1.05)
  })

  it.each(['execSync', 'atomicsWait', 'readSync'] as const)('stands still in %s', async (kind) => {
    const folder = mkdtempSync(join(tmpdir(), 'threadmeter-fifo-'))
    const fifo = join(folder, 'fifo')
    execFileSync('mkfifo', [fifo])
    const worker = new Occupied(kind, fifo)
    await worker.occupied()
    while (state(worker.tid) !== 'S') await setTimeout(2)
    await setTimeout(30)
    const looks = await looksAt(worker, 30, 10)
    if (kind === 'readSync') writeFileSync(fifo, 'x')
    await worker.release()
    rmSync(folder, { recursive: true })
    expect(looks.length).toBeGreaterThan(5)
    expectBetween(worker, looks)
    expect(new Set(looks.map(({ cpuTime }) => cpuTime)).size).toBe(1)
  })

  it('is the same whoever takes it', async () => {
    const parked = new Occupied('atomicsWait')
    await parked.occupied()
    while (state(parked.tid) !== 'S') await setTimeout(2)
    const other = new Worker(fixturePath('look-from-worker.mjs'), {
      execArgv: [],
      workerData: parked.tid,
    })
    const [fromWorker] = await once(other, 'message')
    const fromHere = parked.look()
    await parked.release()
    expect(fromWorker).toEqual({ ...fromHere, eventLoopUtilization: expect.anything() })
  })
})

describe('event loop utilization', () => {
  /** The share of a window by threads() and by Node's own call, taken at the same moments. */
  async function utilization(worker: Worker, tid: number): Promise<{ ours: number; node: number }> {
    const look = () => {
      const own = threads().find((thread) => thread.tid === tid)?.eventLoopUtilization
      if (!own) throw new Error(`no event loop of thread ${tid}`)
      return own
    }
    const [before, nodeBefore] = [look(), worker.performance.eventLoopUtilization()]
    await setTimeout(400)
    const [after, node] = [look(), worker.performance.eventLoopUtilization(nodeBefore)]
    const active = after.active - before.active
    expect(Math.abs(active - node.active)).toBeLessThan(5)
    expect(Math.abs(after.idle - before.idle - node.idle)).toBeLessThan(5)
    return { ours: active / (active + after.idle - before.idle), node: node.utilization }
  }

  it.each(['pbkdf2Sync', 'execSync', 'atomicsWait'] as const)(
    "of a worker in %s is what Node's own call says",
    async (kind) => {
      const worker = new Occupied(kind)
      await worker.occupied()
      const { ours, node } = await utilization(worker.worker, worker.tid)
      await worker.release()
      expect(Math.abs(ours - node)).toBeLessThan(0.02)
      expect(ours).toBeGreaterThan(0.98)
    },
  )

  it.each([
    { busy: 0, least: 0, most: 0.2 },
    { busy: 10, least: 0.3, most: 0.9 },
  ])("of a loop that works $busy ms of 20 is what Node's own call says", async (load) => {
    const { busy, least, most } = load
    const worker = new Worker(fixturePath('event-loop.mjs'), { execArgv: [], workerData: { busy } })
    const [tid] = await once(worker, 'message')
    await setTimeout(50)
    const { ours, node } = await utilization(worker, tid)
    await worker.terminate()
    expect(Math.abs(ours - node)).toBeLessThan(0.02)
    expect(ours).toBeGreaterThanOrEqual(least)
    expect(ours).toBeLessThan(most)
  })
})
