import { rmSync } from 'node:fs'
import { expect, it } from 'vitest'
import { MeterService } from '../../dist/meter/service.js'
import {
  deadThread,
  family,
  LIVING,
  shown,
  store,
  storeOne,
  valuesOf,
  writeMeter,
} from './fixtures/meters.mjs'
import { temporaryDirectory } from './temporary-directory.js'

const requests = family('requests_total', { labelNames: ['path', 'code'] })
const seconds = family('seconds', { type: 'histogram', parameters: [1, 5] })

it('adds up what threads of the same series have', () => {
  const dir = temporaryDirectory()
  for (const thread of [1, 2, 3]) {
    writeMeter(dir, { ...LIVING, suffix: `-${thread}` }, (image) => {
      const id = image.family(requests)
      store(image, id, ['/', '200'], thread)
      store(image, id, [`/${thread}`, '200'], 10 * thread)
      storeOne(image, seconds, thread, 2 * thread, 3 * thread, 0.5 * thread)
    })
  }
  const service = new MeterService(dir)
  service.refresh()
  expect(shown(service)).toEqual({
    requests_total: {
      'path=/,code=200': 6,
      'path=/1,code=200': 10,
      'path=/2,code=200': 20,
      'path=/3,code=200': 30,
    },
    seconds: { '': 6 },
  })
  expect(valuesOf(service.merged()[1].series[0], 4)).toEqual([6, 12, 18, 3])
  service.close()
})

it('takes series for the same by their labels, in whichever order threads name them', () => {
  const dir = temporaryDirectory()
  const named = (...labelNames: string[]) => family('requests_total', { labelNames })
  const write = (thread: number, labels: string[], ...series: [number, ...string[]][]) =>
    writeMeter(dir, deadThread(thread), (image) => {
      const id = image.family(named(...labels))
      for (const [value, ...values] of series) store(image, id, values, value)
    })
  write(1, ['path', 'code'], [1, '/', '200'], [2, '/a', '200'])
  write(2, ['code', 'path'], [10, '200', '/'], [20, '200', '/b'])
  write(3, ['path'], [100, '/'], [200, '/a'])
  writeMeter(dir, deadThread(4), (image) => {
    image.defaultLabels({ code: '200' })
    store(image, image.family(named('path')), ['/'], 1000)
  })
  const expected = { 'code=200,path=/': 1011, 'code=200,path=/a': 2, 'code=200,path=/b': 20 }
  const service = new MeterService(dir)
  const totals = () => {
    const [requests] = service.merged()
    const texts = requests.series.map((series) => {
      const labels = [...series.labels, ...series.defaults].map((pair) => pair.join('='))
      return [labels.sort().join(), valuesOf(series)[0]]
    })
    return Object.fromEntries(texts)
  }
  service.refresh()
  expect(totals()).toEqual({ ...expected, 'path=/': 100, 'path=/a': 200 })
  expect([...service.problems]).toEqual([])
  service.lead()
  expect(service.fold()).toBe(4)
  expect(totals()).toEqual({ ...expected, 'path=/': 100, 'path=/a': 200 })
  const again = new MeterService(dir)
  again.refresh()
  expect(again.merged()[0].series).toHaveLength(5)
  again.close()
  service.close()
})

it('keeps NaN and infinities', () => {
  const dir = temporaryDirectory()
  const figures: [string, number[]][] = [
    ['nan', [1, Number.NaN, 2]],
    ['up', [1, Number.POSITIVE_INFINITY, 2]],
    ['down', [Number.NEGATIVE_INFINITY, 1, 2]],
    ['both', [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 2]],
  ]
  for (const thread of [0, 1, 2]) {
    writeMeter(dir, { ...LIVING, suffix: `-${thread}` }, (image) => {
      const id = image.family(family('figures', { type: 'gauge', labelNames: ['case'] }))
      for (const [name, values] of figures) store(image, id, [name], values[thread])
    })
  }
  const service = new MeterService(dir)
  service.refresh()
  expect(shown(service).figures).toEqual({
    'case=nan': Number.NaN,
    'case=up': Number.POSITIVE_INFINITY,
    'case=down': Number.NEGATIVE_INFINITY,
    'case=both': Number.NaN,
  })
  service.close()
})

it('tells series apart by their labels alone, whatever these hold', () => {
  const dir = temporaryDirectory()
  const labels: (string | undefined)[][] = [
    ['a|b', 'c'],
    ['a', 'b|c'],
    ['1:a', '-'],
    ['1:a-', undefined],
    [undefined, '1:a-'],
    ['', 'x'],
    [undefined, 'x'],
    ['\0', '\0'],
  ]
  for (const suffix of ['-1', '-2']) {
    writeMeter(dir, { ...LIVING, suffix }, (image) => {
      const id = image.family(requests)
      for (const [i, values] of labels.entries()) store(image, id, values, i + 1)
    })
  }
  const service = new MeterService(dir)
  service.refresh()
  const { series } = service.merged()[0]
  const found = series.map((one) => [Object.fromEntries(one.labels), valuesOf(one)[0]])
  const expected = labels.map(([path, code], i) => [
    { ...(path !== undefined && { path }), ...(code !== undefined && { code }) },
    2 * (i + 1),
  ])
  expect(found).toHaveLength(expected.length)
  expect(found).toEqual(expect.arrayContaining(expected))
  service.close()
})

it('gives the default labels of a thread to its series, unless they have their own', () => {
  const dir = temporaryDirectory()
  writeMeter(dir, { ...LIVING, suffix: '-1' }, (image) => {
    image.defaultLabels({ app: 'a', code: 'none' })
    const id = image.family(requests)
    store(image, id, ['/', '200'], 1)
    store(image, id, ['/', undefined], 2)
  })
  writeMeter(dir, { ...LIVING, suffix: '-2' }, (image) => {
    image.defaultLabels({ app: 'b' })
    const id = image.family(requests)
    store(image, id, ['/', '200'], 4)
    store(image, id, ['/', 'none'], 8)
  })
  // The same labels in another order, one of them as its own.
  writeMeter(dir, { ...LIVING, suffix: '-3' }, (image) => {
    image.defaultLabels({ app: 'a' })
    store(image, image.family(requests), ['/', 'none'], 16)
  })
  const service = new MeterService(dir)
  service.refresh()
  expect(shown(service).requests_total).toEqual({
    'path=/,code=200,app=a': 1,
    'path=/,code=none,app=a': 18,
    'path=/,code=200,app=b': 4,
    'path=/,code=none,app=b': 8,
  })
  service.close()
})

it('keeps processes apart where a family is about the process or thread itself', () => {
  const dir = temporaryDirectory()
  const heap = family('heap_bytes', { type: 'gauge', labelNames: ['thread'], perProcess: true })
  for (const processSlot of [0, 1, 10, 2]) {
    writeMeter(dir, { ...LIVING, suffix: `-${processSlot}`, processSlot }, (image) => {
      store(image, image.family(heap), ['main'], 100 + processSlot)
    })
  }
  const service = new MeterService(dir)
  service.refresh()
  expect(Object.entries(shown(service).heap_bytes)).toEqual([
    ['process 0,thread=main', 100],
    ['process 1,thread=main', 101],
    ['process 2,thread=main', 102],
    ['process 10,thread=main', 110],
  ])
  service.close()
})

it('takes the family that most threads mean by a name, and names those that are left out', () => {
  const dir = temporaryDirectory()
  const others = family('seconds', { type: 'histogram', parameters: [1, 2, 5] })
  const write = (suffix: string, description: typeof seconds) =>
    writeMeter(dir, { ...LIVING, suffix }, (image) =>
      storeOne(image, description, ...new Array(description.parameters.length + 2).fill(1)),
    )
  const told: string[] = []
  const service = new MeterService(dir, { onProblem: (text) => told.push(text) })
  write('-1', seconds)
  write('-2', others)
  write('-3', others)
  service.refresh()
  service.refresh()
  const [merged, ...rest] = service.merged()
  expect(rest).toEqual([])
  expect(merged.description.parameters).toEqual([1, 2, 5])
  expect(valuesOf(merged.series[0], 5)).toEqual([2, 2, 2, 2, 2])
  expect([...service.problems]).toEqual([['family-conflict', 1]])
  expect(told).toEqual([expect.stringContaining('seconds: 1 threads')])
  write('-4', seconds)
  write('-5', seconds)
  service.refresh()
  expect(service.merged()[0].description.parameters).toEqual([1, 5])
  expect(valuesOf(service.merged()[0].series[0], 4)).toEqual([3, 3, 3, 3])
  expect([...service.problems]).toEqual([['family-conflict', 2]])
  service.close()
})

it('counts series that do not fit their family, and leaves them out', () => {
  const dir = temporaryDirectory()
  writeMeter(dir, LIVING, (image) => {
    storeOne(image, seconds, 1, 2)
    storeOne(image, family('fits_total'), 3)
  })
  const service = new MeterService(dir)
  service.refresh()
  expect(shown(service)).toEqual({ fits_total: { '': 3 }, seconds: {} })
  expect([...service.problems]).toEqual([['unfit-series', 1]])
  service.close()
})

it('keeps an object for as long as any thread has the series, and no value of one that is gone', () => {
  const dir = temporaryDirectory()
  const write = (suffix: string, paths: string[], value: number) =>
    writeMeter(dir, { ...LIVING, suffix }, (image) => {
      const id = image.family(requests)
      for (const path of paths) store(image, id, [path, '200'], value)
    })
  const service = new MeterService(dir)
  const look = () => {
    service.refresh()
    return service.merged()[0]
  }
  write('-1', ['/a', '/b'], 1)
  write('-2', ['/b', '/c'], 2)
  const before = look()
  const [a, b, c] = before.series
  expect([a, b, c].map((one) => valuesOf(one)[0])).toEqual([1, 3, 2])
  const name = `${dir}/${LIVING.pid}-${LIVING.processStart}-${LIVING.tid}-${LIVING.threadStart}`
  rmSync(`${name}-1.meter`)
  write('-3', ['/b', '/d', '/e'], 4)
  const after = look()
  expect(after).toBe(before)
  expect(shown(service).requests_total).toEqual({
    'path=/b,code=200': 6,
    'path=/c,code=200': 2,
    'path=/d,code=200': 4,
    'path=/e,code=200': 4,
  })
  expect(after.series[0]).toBe(b)
  expect(after.series[1]).toBe(c)
  expect(after.series).not.toContain(a)
  service.close()
})

it('shows series in the same order whatever the order of files, and after a restart', () => {
  const order = (suffixes: string[]) => {
    const dir = temporaryDirectory()
    for (const suffix of suffixes) {
      writeMeter(dir, { ...LIVING, suffix: `-${suffix}` }, (image) => {
        storeOne(image, family(`z${suffix}_total`), 1)
        const id = image.family(requests)
        for (const path of [`/${suffix}`, '/z', '/a']) store(image, id, [path, '200'], 1)
      })
    }
    const service = new MeterService(dir)
    service.refresh()
    const names = Object.entries(shown(service)).map(([name, series]) => [
      name,
      Object.keys(series),
    ])
    service.close()
    return names
  }
  const expected = order(['1', '2', '3'])
  expect(expected.map(([name]) => name)).toEqual([
    'requests_total',
    'z1_total',
    'z2_total',
    'z3_total',
  ])
  expect(expected[0][1]).toEqual(
    ['/1', '/2', '/3', '/a', '/z'].map((path) => `path=${path},code=200`),
  )
  expect(order(['3', '1', '2'])).toEqual(expected)
})
