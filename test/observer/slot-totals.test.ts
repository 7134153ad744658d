import { expect, it } from 'vitest'
import { STATE } from '../../dist/meter/layout.js'
import type { MeterHeader } from '../../dist/meter/layout-header.js'
import { decode, encode } from '../../dist/observer/outside/observed-file.js'
import type { ProcessLook } from '../../dist/observer/outside/process-look.js'
import { SlotTotals } from '../../dist/observer/outside/slot-totals.js'
import { randomNumbers } from '../adapters/simulated-process.js'

// Processes that use what they are told to, one after the other in one slot, under observers that end at
// any time.

interface Used {
  user: number
  system: number
  runDelay: number
  voluntary: number
  involuntary: number
}

interface Thread {
  readonly tid: number
  readonly registered: boolean
  readonly used: Used
}

const nothing = (): Used => ({ user: 0, system: 0, runDelay: 0, voluntary: 0, involuntary: 0 })

class Process {
  static count = 0
  readonly pid = ++Process.count
  readonly threads: Thread[] = []
  readonly ended: MeterHeader[] = []
  readonly total = { user: 0, system: 0 }
  #tids = 0
  alive = true

  start(registered: boolean): void {
    this.threads.push({ tid: ++this.#tids, registered, used: nothing() })
  }

  use(thread: Thread, user: number, system: number): void {
    const { used } = thread
    used.user += user
    used.system += system
    used.runDelay += 1000
    used.voluntary += 1
    this.total.user += user
    this.total.system += system
  }

  end(thread: Thread, tells: boolean): void {
    this.threads.splice(this.threads.indexOf(thread), 1)
    if (thread.registered && tells) this.ended.push(this.#header(thread, STATE.ended))
  }

  get live(): MeterHeader[] {
    return this.threads
      .filter(({ registered }) => registered)
      .map((one) => this.#header(one, STATE.live))
  }

  #header({ tid, used }: Thread, state: number): MeterHeader {
    return {
      ...{
        pid: this.pid,
        processStart: this.pid,
        tid,
        threadStart: tid,
        threadId: tid,
        state,
        kind: 1,
      },
      ...{
        label: `pool-${'abc'[tid % 3]}`,
        name: '',
        finalUser: used.user,
        finalSystem: used.system,
      },
      ...{ finalCpu: (used.user + used.system) * 1000, finalRunDelay: used.runDelay },
      ...{ finalVoluntary: used.voluntary, finalInvoluntary: used.involuntary },
    } as MeterHeader
  }

  look(): ProcessLook {
    const key = `${this.pid}.${this.pid}`
    const threads = this.threads.map(({ tid, registered, used }) => {
      const identity = registered
        ? { threadId: tid, label: `pool-${'abc'[tid % 3]}`, name: '', role: 'worker' }
        : { threadId: null, label: 'v8', name: 'v8', role: 'v8' }
      return [tid, { key: `${key}.${tid}.${tid}`, start: 0, identity, used: { ...used } }] as const
    })
    const presence = this.alive ? 'present' : 'gone'
    return {
      ...{ key, presence, isPartial: false, figures: { ...this.total }, threads: new Map(threads) },
    } as unknown as ProcessLook
  }
}

const sumOf = ({ user, system }: { user: number; system: number }): number => user + system

const seriesSum = (totals: SlotTotals): number =>
  [...totals.series.values()].reduce(
    (sum, { user, system }) => sum + (user || 0) + (system || 0),
    0,
  )

const partsSum = ({ parts }: SlotTotals): number =>
  sumOf(parts.main) + sumOf(parts.workers) + sumOf(parts.helpers) + sumOf(parts.exited)

/** All counters as a flat list of numbers by name. */
function countersOf(totals: SlotTotals): Map<string, number> {
  const counters = new Map<string, number>()
  for (const [key, series] of totals.series) {
    for (const figure of ['user', 'system', 'runDelay', 'voluntary', 'involuntary'] as const) {
      if (!Number.isNaN(series[figure])) counters.set(`${key} ${figure}`, series[figure])
    }
  }
  for (const part of ['main', 'workers', 'helpers', 'exited'] as const) {
    counters.set(`${part} user`, totals.parts[part].user)
    counters.set(`${part} system`, totals.parts[part].system)
  }
  return counters
}

const restarted = (totals: SlotTotals): SlotTotals =>
  decode(encode(new Map([[0, totals]]))).get(0) as SlotTotals

it.each([1, 2, 3, 4])('loses nothing, goes never down and counts nothing twice (%i)', (seed) => {
  const random = randomNumbers(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  let totals = new SlotTotals()
  let process = new Process()
  const former: Process[] = []
  let shown = new Map<string, number>()
  let truth = 0

  for (let step = 0; step < 400; step++) {
    if (process.threads.length < 6 && random() < 0.3) process.start(random() < 0.7)
    for (const thread of process.threads) {
      if (random() < 0.6) {
        const [user, system] = [below(5000), below(2000)]
        process.use(thread, user, system)
        truth += user + system
      }
    }
    const victim = process.threads[below(8)]
    if (victim !== undefined) process.end(victim, true)
    if (random() < 0.02) {
      // In good order: all threads tell, the kernel forgets the process.
      for (const thread of [...process.threads]) process.end(thread, thread.registered)
      process.alive = false
      former.push(process)
      process = new Process()
    }
    if (random() < 0.5) continue

    const all = [...former, process]
    totals.update(
      all.map((each) => each.look()),
      all.flatMap(({ live }) => live),
      all.flatMap(({ ended }) => ended),
    )
    // Files are removed once they have been counted, processes that are gone are no longer looked at.
    if (random() < 0.5) for (const each of all) each.ended.length = 0
    if (former.every(({ ended }) => ended.length === 0)) former.length = 0
    const counters = countersOf(totals)
    for (const [name, value] of shown) {
      expect(counters.get(name), `${name} at ${step}`).toBeGreaterThanOrEqual(value - 1e-6)
    }
    shown = counters
    expect(seriesSum(totals)).toBeLessThanOrEqual(truth + 1e-6)
    expect(partsSum(totals)).toBeLessThanOrEqual(truth + 1e-6)
    if (random() < 0.2) {
      totals = restarted(totals)
      expect(countersOf(totals)).toEqual(shown)
    }
  }
  // Registered threads are all in their labels, wherever observers and processes ended.
  const workers = [...totals.series.values()].filter(({ role }) => role === 'worker')
  expect(workers.length).toBe(3)
  expect(partsSum(totals)).toBeGreaterThan(truth * 0.9)
})

it('does not count a thread anew that could not be seen for a while', () => {
  const process = new Process()
  process.start(false)
  const [thread] = process.threads
  if (thread === undefined) throw new Error('no thread')
  const totals = new SlotTotals()
  process.use(thread, 1000, 0)
  totals.update([process.look()], [], [])
  for (const unseen of [{ presence: 'hidden' }, { isPartial: true }]) {
    for (let look = 0; look < 20; look++) {
      totals.update([{ ...process.look(), ...unseen, threads: new Map() } as ProcessLook], [], [])
    }
    totals.update([process.look()], [], [])
    expect(seriesSum(totals)).toBe(1000)
  }
  process.end(thread, false)
  for (let look = 0; look < 20; look++) totals.update([process.look()], [], [])
  expect(totals.counted.size).toBe(0)
})

it('does not take what a thread used at its end for that of a thread nobody saw', () => {
  const process = new Process()
  process.start(true)
  const [thread] = process.threads
  if (thread === undefined) throw new Error('no thread')
  const totals = new SlotTotals()
  process.use(thread, 1000, 0)
  totals.update([process.look()], process.live, [])
  process.use(thread, 500, 0)
  const asRead = process.live
  process.end(thread, true)
  // The files were read before it ended, the kernel is asked afterwards.
  totals.update([process.look()], asRead, [])
  expect(totals.parts.exited).toEqual({ user: 0, system: 0 })
  totals.update([process.look()], [], process.ended)
  expect(partsSum(totals)).toBe(1500)
  expect(seriesSum(totals)).toBe(1500)
})
