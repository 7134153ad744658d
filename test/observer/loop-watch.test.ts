import { describe, expect, it } from 'vitest'
import type { MeterHeader } from '../../dist/meter/layout-header.js'
import { LoopWatch } from '../../dist/observer/outside/loop-watch.js'

const INTERVAL = 1000

const header = (loopStamp: number, loopIdle: number): MeterHeader =>
  ({ loopStamp, loopIdle, loopInterval: INTERVAL }) as MeterHeader

describe('a loop that stamps', () => {
  it('was as busy as it was not idle between its stamps', () => {
    const loop = new LoopWatch()
    loop.update(header(1000, 500), 1100, 0)
    expect(loop.utilization).toBeNaN()
    loop.update(header(2000, 1250), 2100, 250)
    expect(loop.utilization).toBeCloseTo(0.25)
    expect(loop.stalled).toBe(0)
    expect(loop.utilizationOver(1000)).toBeCloseTo(0.25)
    loop.update(header(4000, 2250), 4100, 1250)
    expect(loop.utilization).toBeCloseTo(0.5)
  })

  it('keeps its figures while there is no new stamp', () => {
    const loop = new LoopWatch()
    loop.update(header(1000, 0), 1000, 0)
    loop.update(header(2000, 900), 2000, 100)
    loop.update(header(2000, 900), 2900, 100)
    expect(loop.utilizationOver(900)).toBeCloseTo(0.1)
    expect(loop.stalled).toBe(0)
  })

  it('was held for as long as it was in a turn and the thread did nothing', () => {
    const loop = new LoopWatch()
    loop.update(header(1000, 1000), 1000, 100)
    loop.update(header(2000, 1200), 2000, 300)
    // 800 ms in turns, 300 of them used since the look before the first stamp.
    expect(loop.held).toBeCloseTo(0.5)
    expect(loop.activeOver(1000, 0.3)).toBeCloseTo(0.8)
  })

  it('was not held because it was busy before the look in the middle', () => {
    const loop = new LoopWatch()
    loop.update(header(1000, 1000), 1000, 0)
    // Busy from stamp to stamp; most of that was used before this look, which saw no new stamp.
    loop.update(header(1000, 1000), 1950, 950)
    loop.update(header(2000, 1000), 2950, 1000)
    expect(loop.utilization).toBeCloseTo(1)
    expect(loop.held).toBeCloseTo(0)
  })
})

describe('a loop whose stamp is overdue', () => {
  const overdue = (now: number): LoopWatch => {
    const loop = new LoopWatch()
    loop.update(header(1000, 1000), 1000, 0)
    loop.update(header(2000, 2000), 2000, 0)
    loop.update(header(2000, 2000), now, 0)
    return loop
  }

  it('is stalled from the time on at which the stamp was due', () => {
    expect(overdue(3400).stalled).toBe(0)
    expect(overdue(3600).stalled).toBe(600)
    expect(overdue(63_000).stalled).toBe(60_000)
  })

  it('counts as active since then', () => {
    expect(overdue(3600).utilizationOver(1000)).toBeCloseTo(0.6)
    expect(overdue(9000).utilizationOver(1000)).toBe(1)
    expect(overdue(9000).activeOver(1000, 0)).toBe(1)
    expect(overdue(3600).activeOver(1000, 0.9)).toBeCloseTo(0.9)
  })

  it('is over with the next stamp, which tells what the loop did', () => {
    const loop = overdue(9000)
    loop.update(header(10_000, 2500), 10_050, 0)
    expect(loop.stalled).toBe(0)
    expect(loop.utilization).toBeCloseTo(7500 / 8000)
  })
})

it('says nothing of a thread that has never told', () => {
  const loop = new LoopWatch()
  loop.update(header(0, 0), 5000, 10)
  expect(loop.stalled).toBeNaN()
  expect(loop.utilizationOver(1000)).toBeNaN()
  expect(loop.activeOver(1000, 0.5)).toBeNaN()
})
