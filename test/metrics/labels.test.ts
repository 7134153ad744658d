import { Counter, Gauge, Histogram, Registry } from 'threadmeter/metrics'
import { describe, expect, it } from 'vitest'
import { randomNumbers } from '../adapters/simulated-process.js'
import { sortedLines } from './clients.js'

type Anything = Record<string, unknown>

/** A counter whose labels the compiler does not look at. */
function counterOf(labelNames: readonly string[]) {
  const registry = new Registry()
  const counter = new Counter<string>({ name: 'c', help: 'h', labelNames, registers: [registry] })
  const inc = (labels: Anything, value?: number): void => counter.inc(labels as never, value)
  const lines = async (): Promise<string[]> =>
    sortedLines(await registry.metrics()).filter((line) => !line.startsWith('#'))
  return { counter, inc, lines }
}

describe('labels', () => {
  it('are the same series whatever the order of their keys', async () => {
    const { inc, lines } = counterOf(['a', 'b', 'c'])
    inc({ a: 1, b: 2, c: 3 })
    inc({ c: 3, b: 2, a: 1 })
    inc({ b: 2, a: 1, c: 3 })
    expect(await lines()).toEqual(['c{a="1",b="2",c="3"} 3'])
  })

  it('are the same series whether they are numbers, strings, booleans or big integers', async () => {
    const { inc, lines } = counterOf(['a'])
    for (const value of [200, '200', 200n, 2e2, { toString: () => '200' }]) inc({ a: value })
    for (const value of [true, 'true']) inc({ a: value })
    for (const value of [0, -0, '0']) inc({ a: value })
    inc({ a: null })
    inc({ a: 'null' })
    expect(await lines()).toEqual(['c{a="0"} 3', 'c{a="200"} 5', 'c{a="null"} 2', 'c{a="true"} 2'])
  })

  it('that are missing are left out, as are empty ones', async () => {
    const { counter, inc, lines } = counterOf(['a', 'b'])
    inc({ a: 'x' })
    inc({ a: 'x', b: undefined })
    inc({ a: 'x', b: '' })
    inc({ b: '' })
    inc({})
    counter.inc()
    counter.labels('', '').inc()
    expect(await lines()).toEqual(['c 4', 'c{a="x"} 3'])
  })

  it('of any characters are kept apart', async () => {
    const { inc, lines } = counterOf(['a', 'b'])
    const texts = ['|', 'x|y', 'x', 'y', ',b:y', 'x,b:y', '1:x', '-', '"', '\\', '\n', '\0', '{}']
    for (const a of texts) for (const b of texts) inc({ a, b })
    expect((await lines()).filter((line) => line.endsWith(' 1'))).toHaveLength(texts.length ** 2)
  })

  it('are the same series where UTF-8 makes them the same', async () => {
    const { counter, inc, lines } = counterOf(['a'])
    for (const a of ['\ud800', '\udfff', '\ufffd', '\ud800', '\u{1f600}']) inc({ a })
    expect(await lines()).toEqual(['c{a="\u{1f600}"} 1', 'c{a="\ufffd"} 4'])
    counter.remove('\udfff')
    inc({ a: '\ud800' })
    expect(await lines()).toEqual(['c{a="\u{1f600}"} 1', 'c{a="\ufffd"} 1'])
  })

  it('are copied: what becomes of the object later does not matter', async () => {
    const { counter, inc, lines } = counterOf(['a'])
    const labels = { a: 'before' }
    inc(labels)
    const child = counter.labels(labels)
    labels.a = 'after'
    child.inc()
    inc(labels, 5)
    expect(await lines()).toEqual(['c{a="after"} 5', 'c{a="before"} 2'])
    const [shown] = (await counter.get()).values
    if (shown !== undefined) shown.labels.a = 'else'
    expect((await counter.get()).values[0].labels).toEqual({ a: 'before' })
  })

  it('of another name throw, also beside a series that is known, and count nothing', async () => {
    const { counter, inc, lines } = counterOf(['a', 'b'])
    inc({ a: 1, b: 2 })
    const unknown = expect.objectContaining({ code: 'ERR_THREADMETER_OUT_OF_RANGE' })
    for (const labels of [{ c: 1 }, { a: 1, b: 2, c: 3 }, { c: 3, a: 1, b: 2 }, { a: 1, c: 2 }]) {
      expect(() => inc(labels)).toThrow(unknown)
      expect(() => counter.labels(labels as never)).toThrow(unknown)
      expect(() => counter.remove(labels as never)).toThrow(unknown)
    }
    expect(() => inc(['x'] as never)).toThrow(unknown)
    expect(() => counter.labels('only one')).toThrow(unknown)
    expect(() => counter.remove('one', 'two', 'three')).toThrow(unknown)
    expect(await lines()).toEqual(['c{a="1",b="2"} 1'])
  })

  it('may have the names of what every object has', async () => {
    const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty']
    const { inc, lines } = counterOf(names)
    inc({ constructor: 'x' })
    inc({ toString: 'y', hasOwnProperty: 'z' })
    inc(JSON.parse('{ "__proto__": "p" }'))
    inc({})
    expect(() => inc({ valueOf: 'x' })).toThrow(RangeError)
    expect(await lines()).toEqual([
      'c 1',
      'c{__proto__="p"} 1',
      'c{constructor="x"} 1',
      'c{hasOwnProperty="z",toString="y"} 1',
    ])
  })

  it('may come in objects of any kind', async () => {
    const { inc, lines } = counterOf(['a', 'b'])
    class Request {
      a = 'x'
      b = 'y'
    }
    const deleted: Anything = { a: 'x', z: 0, b: 'y' }
    delete deleted.z
    inc(new Request() as never)
    inc(Object.freeze({ a: 'x', b: 'y' }))
    inc(Object.assign(Object.create(null), { a: 'x', b: 'y' }))
    inc(Object.create({ a: 'x', b: 'y' }))
    inc(new Proxy({ a: 'x', b: 'y' }, {}))
    inc(deleted)
    expect(await lines()).toEqual(['c{a="x",b="y"} 6'])
  })
})

/** What a counter should be, in the plainest way. */
class Model {
  readonly #values = new Map<string, number>()

  static key(labels: Anything): string {
    const pairs = Object.entries(labels).filter(([, value]) => value !== undefined && value !== '')
    return pairs
      .map(([name, value]) => `${name}="${value}"`)
      .sort()
      .join()
  }

  inc(labels: Anything): void {
    const key = Model.key(labels)
    this.#values.set(key, (this.#values.get(key) ?? 0) + 1)
  }

  remove(labels: Anything): void {
    this.#values.delete(Model.key(labels))
  }

  clear(): void {
    this.#values.clear()
  }

  get lines(): string[] {
    return [...this.#values]
      .map(([key, value]) => `${key === '' ? 'c' : `c{${key}}`} ${value}`)
      .sort()
  }
}

it('finds, makes and removes series as a plain map does', async () => {
  const random = randomNumbers(7)
  const below = (limit: number): number => Math.floor(random() * limit)
  const names = ['a', 'b', 'd', 'e']
  const values = [1, '1', true, 'true', '', undefined, 'x', 'y', 2.5, '2.5', 10n]
  const { counter, inc, lines } = counterOf(names)
  const model = new Model()
  const children: [ReturnType<typeof counter.labels>, Anything][] = []
  for (let step = 0; step < 20_000; step++) {
    // More orders of keys than are kept.
    const keys = names.filter(() => random() < 0.7).sort(() => random() - 0.5)
    const labels = Object.fromEntries(keys.map((key) => [key, values[below(values.length)]]))
    const what = below(1000)
    if (what < 100) {
      counter.remove(labels as never)
      model.remove(labels)
    } else if (what < 102) {
      counter.reset()
      model.clear()
    } else if (what < 150) {
      children.push([counter.labels(labels as never), labels])
    } else if (what < 300 && children.length > 0) {
      const [child, its] = children[below(children.length)]
      child.inc()
      model.inc(its)
    } else {
      inc(labels)
      model.inc(labels)
    }
    if (step % 500 === 0) expect(await lines()).toEqual(model.lines)
  }
  expect(await lines()).toEqual(model.lines)
})

it('keeps nothing of series that were removed', async () => {
  const { counter, inc } = counterOf(['user'])
  const before = await heapUsed()
  for (let user = 0; user < 200_000; user++) {
    inc({ user })
    counter.remove({ user: `${user}` })
  }
  // A series takes over 100 bytes.
  expect((await heapUsed()) - before).toBeLessThan(4e6)
  expect((await counter.get()).values).toEqual([])
})

async function heapUsed(): Promise<number> {
  const { setFlagsFromString } = await import('node:v8')
  const { runInNewContext } = await import('node:vm')
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

describe('a child', () => {
  const registers = [new Registry()]

  it('is the same object each time, and is not shown before it is used', async () => {
    const counter = new Counter({ name: 'child', help: 'h', labelNames: ['a'], registers })
    const child = counter.labels('x')
    expect(counter.labels({ a: 'x' })).toBe(child)
    expect((await counter.get()).values).toEqual([])
    child.inc(0)
    expect((await counter.get()).values).toEqual([{ value: 0, labels: { a: 'x' } }])
  })

  it('works apart from its object', async () => {
    const { inc } = new Counter({ name: 'apart_c', help: 'h', registers }).labels()
    inc()
    const { set, dec } = new Gauge({ name: 'apart_g', help: 'h', registers }).labels()
    set(5)
    dec(2)
    const { observe } = new Histogram({ name: 'apart_h', help: 'h', registers }).labels()
    observe(1)
    const [c, g, h] = await Promise.all(
      ['apart_c', 'apart_g', 'apart_h'].map((name) => registers[0].getSingleMetricAsString(name)),
    )
    expect([c, g, h].map((text) => text?.split('\n').at(-1))).toEqual([
      'apart_c 1',
      'apart_g 3',
      'apart_h_count 1',
    ])
  })

  it('begins anew after its series was removed', async () => {
    const counter = new Counter({ name: 'anew', help: 'h', labelNames: ['a'], registers })
    const child = counter.labels('x')
    child.inc(5)
    counter.remove('x')
    expect((await counter.get()).values).toEqual([])
    child.inc(2)
    counter.inc({ a: 'x' })
    counter.labels('x').inc()
    expect((await counter.get()).values).toEqual([{ value: 4, labels: { a: 'x' } }])
  })
})
