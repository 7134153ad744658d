import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import {
  blockSlots,
  exemplarBlock,
  exemplarStride,
  mergeExemplars,
  readExemplar,
  writeExemplar,
} from '../../lib/meter/exemplar-slots.js'
import type { Slots } from '../../lib/meter/model.js'

const TRACE = 'trace_id="4bf92f3577b34da6a3ce929d0e0e4736"'
const PLACES = 3

const blockFor = (text: string, places = PLACES): Slots =>
  exemplarBlock(places, exemplarStride(text))

const at = (timestamp: number, labels = TRACE, value = timestamp / 2) => ({
  labels,
  value,
  timestamp,
})

describe('exemplars in slots', () => {
  it.each(['', 'a="b"', TRACE, `emoji="${'🧵'.repeat(60)}"`, 'x="\\"\\\\\\n"', 'seven="7"'])(
    'come back as they were written: %s',
    (labels) => {
      const block = blockFor(labels)
      expect(writeExemplar(block, 1, at(1e9, labels))).toBe(true)
      expect(readExemplar(block, 1)).toEqual(at(1e9, labels))
      expect([readExemplar(block, 0), readExemplar(block, 2)]).toEqual([undefined, undefined])
    },
  )

  it('take the place of the last one, whichever was longer', () => {
    const block = blockFor(TRACE)
    for (const labels of [TRACE, 'a="b"', '', TRACE]) {
      writeExemplar(block, 2, at(5, labels))
      expect(readExemplar(block, 2)).toEqual(at(5, labels))
    }
  })

  it('are refused when there is no room, or no such place', () => {
    const block = blockFor('a="b"')
    expect(writeExemplar(block, 0, at(1, `long="${'x'.repeat(500)}"`))).toBe(false)
    expect(writeExemplar(block, PLACES, at(1))).toBe(false)
    expect(writeExemplar({ values: new Float64Array(200), index: 0 }, 0, at(1))).toBe(false)
    expect(readExemplar(block, 0)).toBeUndefined()
  })

  it('are not shown when any bit of them is another', () => {
    const block = blockFor(TRACE)
    writeExemplar(block, 0, at(1234.5))
    const bytes = new Uint8Array(block.values.buffer)
    const entry = 2 * 8
    // Its check, value, time, length and text.
    const used = 4 * 8 + TRACE.length
    for (let bit = 0; bit < used * 8; bit++) {
      bytes[entry + (bit >> 3)] ^= 1 << (bit & 7)
      expect(readExemplar(block, 0), `bit ${bit}`).toBeUndefined()
      bytes[entry + (bit >> 3)] ^= 1 << (bit & 7)
    }
    expect(readExemplar(block, 0)).toEqual(at(1234.5))
  })

  it('cannot add a line to a text', () => {
    const block = blockFor(TRACE)
    writeExemplar(block, 0, at(1, 'a="b"\nprocess_cpu_seconds_total 0'))
    expect(readExemplar(block, 0)).toBeUndefined()
  })

  it.each([
    ['no room at all', [0, 0]],
    ['more places than slots', [1e9, 16]],
    ['a stride past the end', [1, 1e9]],
    ['figures that are none', [Number.NaN, Number.POSITIVE_INFINITY]],
    ['negative ones', [-1, -16]],
    ['broken ones', [1.5, 16.25]],
  ])('are left alone in a block that claims %s', (_what, header) => {
    const values = new Float64Array(20).fill(7)
    values.set(header)
    expect(readExemplar({ values, index: 0 }, 0)).toBeUndefined()
    expect(mergeExemplars(undefined, { values, index: 0 })).toBeUndefined()
    const target = blockFor(TRACE)
    writeExemplar(target, 0, at(3))
    expect(mergeExemplars(target, { values, index: 0 })).toBe(target)
    expect(readExemplar(target, 0)).toEqual(at(3))
  })
})

describe('mergeExemplars()', () => {
  it('keeps the newest of each bucket', () => {
    const [one, other] = [blockFor(TRACE), blockFor(TRACE)]
    writeExemplar(one, 0, at(10))
    writeExemplar(one, 1, at(40))
    writeExemplar(other, 0, at(20))
    writeExemplar(other, 1, at(30))
    writeExemplar(other, 2, at(5))
    for (const order of [
      [one, other],
      [other, one],
    ]) {
      let merged: Slots | undefined
      for (const block of order) merged = mergeExemplars(merged, block)
      const times = [0, 1, 2].map((place) => readExemplar(merged as Slots, place)?.timestamp)
      expect(times).toEqual([20, 40, 5])
    }
  })

  it('makes room for longer labels and leaves the sources as they are', () => {
    const long = `path="${'/very/long'.repeat(11)}"`
    const [small, large] = [blockFor('a="b"'), blockFor(long)]
    writeExemplar(small, 0, at(1, 'a="b"'))
    writeExemplar(large, 2, at(2, long))
    const merged = mergeExemplars(mergeExemplars(undefined, small), large) as Slots
    expect(blockSlots(merged)).toBe(blockSlots(large))
    expect(readExemplar(merged, 0)).toEqual(at(1, 'a="b"'))
    expect(readExemplar(merged, 2)).toEqual(at(2, long))
    expect(readExemplar(small, 2)).toBeUndefined()
    expect(readExemplar(large, 0)).toBeUndefined()
  })
})

/** Writes exemplars whose every part says the same number, as fast as it can. */
const WRITER = `
const { parentPort, workerData } = require('node:worker_threads')
import(workerData.codec).then(({ writeExemplar }) => {
  const values = new Float64Array(workerData.shared)
  const stop = new Int32Array(workerData.stop)
  const block = { values, index: 0 }
  let round = 1
  for (; Atomics.load(stop, 0) === 0; round++) {
    const labels = 'a="' + String(round).padStart(8, '0').repeat(4) + '"'
    writeExemplar(block, 0, { labels, value: round, timestamp: round })
  }
  parentPort.postMessage(round)
})
`

describe('an exemplar that is written while it is read', () => {
  it('is never torn', async () => {
    const shape = exemplarBlock(1, exemplarStride(TRACE))
    const shared = new SharedArrayBuffer(shape.values.byteLength)
    const block = { values: new Float64Array(shared), index: 0 }
    block.values.set(shape.values)
    const stop = new Int32Array(new SharedArrayBuffer(4))
    const codec = new URL('../../dist/meter/exemplar-slots.js', import.meta.url).href
    const worker = new Worker(WRITER, {
      eval: true,
      execArgv: [],
      workerData: { codec, shared, stop: stop.buffer },
    })
    const rounds = new Promise<number>((resolve, reject) => {
      worker.once('message', resolve).once('error', reject)
    })
    const copy = new Float64Array(block.values.length)
    const seen = new Set<number>()
    let halves = 0
    const deadline = Date.now() + 20_000
    while (Date.now() < deadline && (halves < 100 || seen.size < 1000)) {
      await new Promise(setImmediate)
      for (let look = 0; look < 2000; look++) {
        copy.set(block.values)
        const exemplar = readExemplar({ values: copy, index: 0 }, 0)
        if (exemplar === undefined) {
          halves++
          continue
        }
        const digits = String(exemplar.value).padStart(8, '0')
        seen.add(exemplar.value)
        if (exemplar.labels !== `a="${digits.repeat(4)}"`) throw new Error(exemplar.labels)
        if (exemplar.timestamp !== exemplar.value) throw new Error(String(exemplar.timestamp))
      }
    }
    Atomics.store(stop, 0, 1)
    expect(await rounds).toBeGreaterThan(seen.size)
    expect(seen.size).toBeGreaterThanOrEqual(1000)
    expect(halves).toBeGreaterThanOrEqual(100)
  })
})
