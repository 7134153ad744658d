import { setTimeout } from 'node:timers/promises'
import type { CpuUsage, ProcessCpuUsage, ThreadInfo } from 'threadmeter'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CProgram, compileC } from '../fixtures/compile.js'
import { state } from '../fixtures/proc.mjs'
import { Talk } from '../fixtures/talk.js'

const ROUNDS = 10

interface Seen {
  run: number
  wait: number
  process: number
}

interface Round {
  snapshot: { tid: number; threads: ThreadInfo[]; process: ProcessCpuUsage }
  pause: { before: number; after: number; process: ProcessCpuUsage }
  seen: Map<number, Seen>
}

const sum = ({ user, system }: CpuUsage): number => user + system

/** One round of the fixture's work, with an outside look at each thread while all hold still. */
async function round(fixture: Talk, observer: Talk): Promise<Round> {
  const snapshot = await fixture.ask<Round['snapshot']>('work')
  while (state(snapshot.tid, fixture.pid) !== 'S') await setTimeout(1)
  const seen = new Map<number, Seen>()
  for (const { tid } of snapshot.threads) seen.set(tid, await observer.ask<Seen>(tid))
  const pause = await fixture.ask<Round['pause']>('go on')
  return { snapshot, pause, seen }
}

describe('figures beside those of a C program that looks from outside', () => {
  let program: CProgram
  const rounds: Round[] = []

  beforeAll(async () => {
    program = compileC('observer.c')
    const fixture = Talk.fixture('pause.mjs')
    const observer = new Talk([program.path, String(fixture.pid)])
    for (let i = 0; i < ROUNDS; i++) rounds.push(await round(fixture, observer))
    await Promise.all([fixture.end(), observer.end()])
  })

  afterAll(() => program.remove())

  const workersOf = ({ snapshot }: Round): ThreadInfo[] =>
    snapshot.threads.filter(({ role }) => role === 'worker')

  it('agree to the nanosecond on the CPU time of workers that are parked', () => {
    for (const each of rounds) {
      expect(workersOf(each)).toHaveLength(2)
      for (const { tid, cpuTime } of workersOf(each)) expect(cpuTime).toBe(each.seen.get(tid)?.run)
    }
  })

  it('agree to the nanosecond on their run-queue delay', () => {
    for (const each of rounds) {
      for (const { tid, runDelay } of workersOf(each)) {
        expect(runDelay).toBe(each.seen.get(tid)?.wait)
      }
    }
  })

  it('saw the workers work', () => {
    const [first, last] = [rounds[0] as Round, rounds[ROUNDS - 1] as Round]
    const grown = workersOf(last).map(({ tid }) => {
      return ((last.seen.get(tid)?.run ?? 0) - (first.seen.get(tid)?.run ?? 0)) / 1e6
    })
    for (const ms of grown) expect(ms).toBeGreaterThan(20)
  })

  it('enclose what the main thread had used, by its own clock', () => {
    for (const { snapshot, pause, seen } of rounds) {
      const run = seen.get(snapshot.tid)?.run as number
      expect(run).toBeGreaterThanOrEqual(pause.before)
      expect(run).toBeLessThanOrEqual(pause.after)
    }
    const widths = rounds.map(({ pause }) => pause.after - pause.before).sort((a, b) => a - b)
    expect(widths[ROUNDS / 2]).toBeLessThan(1e6)
  })

  it('enclose what the whole process had used, with parts that add up', () => {
    for (const { snapshot, pause, seen } of rounds) {
      const micros = (seen.get(snapshot.tid) as Seen).process / 1e3
      expect(sum(snapshot.process.total)).toBeLessThanOrEqual(micros + 1)
      expect(sum(pause.process.total)).toBeGreaterThanOrEqual(micros - 1)
    }
  })

  it('agree on the share of live workers in the process', () => {
    for (const each of rounds) {
      const seen = workersOf(each).map(({ tid }) => (each.seen.get(tid) as Seen).run / 1e3)
      const workers = sum(each.snapshot.process.workers)
      // Each thread is cut down to whole µs.
      expect(workers).toBeLessThanOrEqual(seen.reduce((a, b) => a + b))
      expect(workers).toBeGreaterThan(seen.reduce((a, b) => a + b) - seen.length)
    }
  })
})
