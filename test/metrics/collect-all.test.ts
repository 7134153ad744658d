import { AggregatorRegistry, Counter, Gauge, Registry, register } from 'threadmeter/metrics'
import { afterEach, expect, it } from 'vitest'
import { collectAll, collectFailures } from '../../dist/metrics/collect-all.js'

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

afterEach(() => {
  AggregatorRegistry.setRegistries(register)
  register.clear()
})

it('has nothing to wait for where no function is asynchronous', async () => {
  expect(collectAll()).toBeUndefined()
  const gauge = new Gauge({
    ...{ name: 'g', help: 'h' },
    collect() {
      this.inc()
    },
  })
  new Counter({ name: 'without', help: 'h' })
  expect(collectAll()).toBeUndefined()
  expect(collectAll()).toBeUndefined()
  const { collect } = gauge
  gauge.collect = undefined as never
  expect((await gauge.get()).values[0].value).toBe(2)
  expect(collect).toBeTypeOf('function')
})

it('runs those of the registries that observers see, each metric once', () => {
  const [first, second, unseen] = [new Registry(), new Registry(), new Registry()]
  let runs = 0
  const collect = (): void => {
    runs++
  }
  new Gauge({ name: 'both', help: 'h', collect, registers: [first, second] })
  new Gauge({ name: 'unseen', help: 'h', collect, registers: [unseen] })
  collectAll()
  expect(runs).toBe(0)
  AggregatorRegistry.setRegistries([first, second])
  collectAll()
  expect(runs).toBe(1)
})

it('never runs the function of a metric twice at once', async () => {
  let [running, most, runs] = [0, 0, 0]
  new Gauge({
    ...{ name: 'slow', help: 'h' },
    async collect() {
      most = Math.max(most, ++running)
      await tick()
      running--
      runs++
    },
  })
  const both = [collectAll(), collectAll()]
  await both[0]
  expect(runs).toBe(1)
  await both[1]
  expect(runs).toBe(1)
  await collectAll()
  expect([most, runs]).toEqual([1, 2])
})

it('counts what fails, and throws nothing', async () => {
  const before = collectFailures()
  let collected = 0
  const fail = (): never => {
    throw new Error('no figures')
  }
  // biome-ignore lint/suspicious/noThenProperty: no promise, but what may be waited for like one
  const waitable = { then: (_: unknown, reject: (error: Error) => void) => reject(new Error('no')) }
  new Gauge({ name: 'a', help: 'h', collect: fail })
  new Gauge({ name: 'b', help: 'h', collect: async () => fail() })
  new Gauge({
    ...{ name: 'c', help: 'h' },
    collect: () => waitable as never,
  })
  new Gauge({
    ...{ name: 'd', help: 'h' },
    collect: () => {
      collected++
    },
  })
  await collectAll()
  expect(collectFailures() - before).toBe(3)
  expect(collected).toBe(1)
})

it('goes on with the others where a function never ends', async () => {
  let runs = 0
  new Gauge({ name: 'endless', help: 'h', collect: () => new Promise(() => {}) })
  new Gauge({
    ...{ name: 'others', help: 'h' },
    async collect() {
      await tick()
      runs++
    },
  })
  for (let i = 1; i <= 3; i++) {
    collectAll()
    await tick()
    await tick()
    expect(runs).toBe(i)
  }
})
