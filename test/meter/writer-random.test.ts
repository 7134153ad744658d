import { constants } from 'node:os'
import { expect, it, vi } from 'vitest'
import { MeterReader } from '../../dist/meter/reader.js'
import type { MeterWriter } from '../../dist/meter/writer.js'
import { description, faultsOf, mapSegment, writerIn } from './meter-file.js'
import { temporaryDirectory } from './temporary-directory.js'

// A long random life of a store, on a tmpfs that is full now and then, beside a plain map of what ought to
// be there.

const OPERATIONS = 4000

interface Expected {
  id: number
  labels: string[]
  values: Float64Array
  index: number
  figures: number[]
  hasExemplars: boolean
}

/** Park and Miller's generator, so that a seed says all. */
function randomOf(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}

class Life {
  readonly series = new Map<string, Expected>()
  isFull = false
  readonly writer: MeterWriter
  #random: (below: number) => number
  #families: number[] = []
  #next = 0

  constructor(seed: number) {
    this.#random = randomOf(seed)
    this.writer = writerIn(temporaryDirectory(), (fd, offset, bytes) =>
      this.isFull ? constants.errno.ENOSPC : mapSegment(fd, offset, bytes),
    )
    for (let i = 0; i < 4; i++) this.#families.push(this.#family())
  }

  step(): void {
    const random = this.#random
    const choice = random(100)
    if (choice < 2) this.isFull = random(3) === 0
    else if (choice < 3) this.#replaceFamily(random(this.#families.length))
    else if (choice < 57) this.#add()
    else if (choice < 75) this.#remove()
    else this.#set()
  }

  /** Checks each series that the file shows, and that the others are those it says it has no room for. */
  check(reader: MeterReader): void {
    reader.refresh()
    const hidden = new Map(this.series)
    let unstored = 0
    for (const { labels, index, slots, exemplars } of reader.series.values()) {
      const key = String(labels[0])
      hidden.delete(key)
      const expected = this.series.get(key)
      if (expected === undefined) {
        // Its removal found no room: it is still there, with the values that it had.
        unstored++
        continue
      }
      if (expected.hasExemplars && exemplars === undefined) unstored++
      expect(labels).toEqual(expected.labels)
      expect([...reader.values.subarray(index, index + slots)]).toEqual(expected.figures)
    }
    for (const { hasExemplars } of hidden.values()) unstored += hasExemplars ? 2 : 1
    expect(reader.header.unstored).toBe(unstored)
    expect(faultsOf(reader)).toEqual([])
    for (const { values, index, figures } of this.series.values()) {
      expect([...values.subarray(index, index + figures.length)]).toEqual(figures)
    }
  }

  #family(): number {
    return this.writer.family(description('random_total', ['key', 'pool']))
  }

  #replaceFamily(at: number): void {
    this.writer.removeFamily(this.#families[at] as number)
    for (const key of this.series.keys()) if (key.startsWith(`${at}:`)) this.series.delete(key)
    this.#families[at] = this.#family()
  }

  #add(): void {
    const random = this.#random
    const at = random(this.#families.length)
    const labels = [`${at}:${this.#next++}`, `${'p'.repeat(random(40))}${random(50)}`]
    const figures = new Array<number>(1 + random(12)).fill(0)
    const stored = this.writer.series(this.#families[at] as number, labels, figures.length)
    const hasExemplars = random(4) === 0
    this.series.set(labels[0] as string, { ...stored, labels, figures, hasExemplars })
    if (hasExemplars) this.writer.exemplars(stored.id, 1 + random(12))
  }

  #any(): [string, Expected] | undefined {
    const keys = [...this.series.keys()]
    const key = keys[this.#random(keys.length || 1)]
    return key === undefined ? undefined : [key, this.series.get(key) as Expected]
  }

  #remove(): void {
    const any = this.#any()
    if (any === undefined) return
    this.series.delete(any[0])
    this.writer.removeSeries(any[1].id)
  }

  #set(): void {
    const any = this.#any()
    if (any === undefined) return
    const [, { values, index, figures }] = any
    const place = this.#random(figures.length)
    figures[place] = this.#random(1e6)
    values[index + place] = figures[place] as number
  }
}

it.each([1, 2, 3])('agrees with a plain map through a random life, seed %i', (seed) => {
  let now = performance.now()
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
  const life = new Life(seed)
  const reader = MeterReader.open(life.writer.file.path)
  let most = 0
  let mostUnstored = 0
  try {
    for (let i = 0; i < OPERATIONS; i++) {
      life.step()
      now += 30
      if (i % 100 === 0) life.check(reader)
      most = Math.max(most, life.series.size)
      mostUnstored = Math.max(mostUnstored, life.writer.unstored)
    }
    life.check(reader)
    expect(most).toBeGreaterThan(100)
    expect(mostUnstored).toBeGreaterThan(0)
  } finally {
    reader.close()
    clock.mockRestore()
  }
})
