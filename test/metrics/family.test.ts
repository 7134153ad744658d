import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../dist/meter/memory-store.js'
import type { FamilyDescription } from '../../dist/meter/model.js'
import { Family } from '../../dist/metrics/family.js'
import { HIDDEN, type Series } from '../../dist/metrics/series.js'

/** A store that notes what it is told. */
class NotingStore extends MemoryStore {
  readonly told: string[] = []

  override family({ labelNames }: FamilyDescription): number {
    this.told.push(`family ${labelNames}`)
    return super.family({} as FamilyDescription)
  }

  override series(...[family, values, slots]: Parameters<MemoryStore['series']>) {
    const made = super.series(family, values, slots)
    this.told.push(`series ${values} in ${family} is ${made.id}`)
    return made
  }

  override removeSeries(id?: number): void {
    this.told.push(`remove ${id}`)
  }

  override removeFamily(id?: number): void {
    this.told.push(`remove family ${id}`)
  }

  /** What it was told since it was asked last. */
  news(): string[] {
    return this.told.splice(0)
  }
}

const description: FamilyDescription = {
  ...{ name: 'f', help: 'h', type: 'counter', aggregator: 'sum' },
  ...{ labelNames: ['a'], parameters: [], perProcess: false },
}

function familyIn(store: NotingStore): Family {
  const family = new Family(description, 2, store)
  store.news()
  return family
}

function add(series: Series, amount: number): void {
  for (const slot of [0, 1]) {
    series.values[series.index + slot] = (series.values[series.index + slot] as number) + amount
  }
}

const valuesOf = (family: Family): unknown[] =>
  Array.from(family.shown(), ({ labelValues, values, index }) => [
    ...labelValues,
    ...values.subarray(index, index + 2),
  ])

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a family', () => {
  it('tells its store nothing of series that nobody counts in', () => {
    const store = new NotingStore()
    const family = familyIn(store)
    expect(family.keep({ a: 'x' }).index).toBe(HIDDEN)
    expect(store.news()).toEqual([])
    add(family.show(family.keep({ a: 'x' })), 1)
    add(family.find({ a: 'x' }), 1)
    expect(store.news()).toEqual(['series x in 0 is 1'])
    expect(valuesOf(family)).toEqual([['x', 2, 2]])
  })

  it('tells its store nothing of series that are reset and counted in again at once', async () => {
    const store = new NotingStore()
    const family = familyIn(store)
    for (const a of ['x', 'y', 'z']) add(family.find({ a }), 5)
    store.news()
    for (let i = 0; i < 3; i++) {
      family.clear()
      expect(valuesOf(family)).toEqual([])
      for (const a of ['z', 'x']) add(family.find({ a }), 1)
    }
    expect(store.news()).toEqual([])
    await turn()
    expect(store.news()).toEqual(['remove 2'])
    expect(valuesOf(family)).toEqual([
      ['z', 1, 1],
      ['x', 1, 1],
    ])
    add(family.find({ a: 'y' }), 1)
    expect(store.news()).toEqual(['series y in 0 is 4'])
  })

  it('removes a series once, whether it was reset before or not', async () => {
    const store = new NotingStore()
    const family = familyIn(store)
    const kept = family.find({ a: 'x' })
    family.clear()
    family.remove({ a: 'x' })
    family.remove({ a: 'x' })
    await turn()
    expect(store.news()).toEqual(['series x in 0 is 1', 'remove 1'])
    const again = family.find({ a: 'x' })
    expect(family.show(kept)).toBe(again)
    expect(again).not.toBe(kept)
  })

  it('moves with its values, and without what was reset', async () => {
    const [from, to] = [new NotingStore(), new NotingStore()]
    const family = familyIn(from)
    for (const a of ['x', 'y']) add(family.find({ a }), 5)
    family.clear()
    add(family.find({ a: 'y' }), 7)
    from.news()
    family.moveTo(to, [['b', 'z']], 'lives on')
    expect(from.news()).toEqual(['remove 1', 'remove family 0'])
    expect(to.news()).toEqual(['family a,b', 'series y,z in 0 is 1'])
    expect(valuesOf(family)).toEqual([['y', 7, 7]])
    await turn()
    family.moveTo(from, [['a', 'z']], 'is gone')
    family.find({})
    expect([...to.news(), ...from.news()]).toEqual([
      'family a',
      'series y in 3 is 4',
      'series z in 3 is 5',
    ])
  })
})
