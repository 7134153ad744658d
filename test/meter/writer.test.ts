import { statSync } from 'node:fs'
import { constants } from 'node:os'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { LIMITS } from '../../dist/meter/layout.js'
import type { MeterReader } from '../../dist/meter/reader.js'
import { MeterWriter } from '../../dist/meter/writer.js'
import { MeterFile } from '../../dist/meter/writer-file.js'
import { fill, SERIES } from './fixtures/all-records.mjs'
import {
  addSeries,
  description,
  faultsOf,
  mapSegment,
  reading,
  seriesOf,
  writerIn,
} from './meter-file.js'
import { temporaryDirectory } from './temporary-directory.js'

const { EFBIG, ENOSPC } = constants.errno
const KIB = 1024

/** Maps like the addon until it is told that there is no room. */
class Tmpfs {
  isFull = false
  tries = 0

  readonly map = (fd: number, offset: number, bytes: number): ArrayBuffer | number => {
    this.tries++
    return this.isFull ? ENOSPC : mapSegment(fd, offset, bytes)
  }
}

const allocated = (path: string): number => statSync(path).blocks * 512

const valuesByLabel = (reader: MeterReader): Record<string, number> =>
  Object.fromEntries(
    [...reader.series.values()].map(({ labels, index }) => [
      `${labels[0]}`,
      reader.values[index] as number,
    ]),
  )

afterEach(() => {
  vi.restoreAllMocks()
})

describe('a meter file', () => {
  it('is small at first, and its user’s alone', () => {
    const { path } = writerIn(temporaryDirectory()).file
    expect(allocated(path)).toBe(16 * KIB)
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('grows in small steps', () => {
    const writer = writerIn(temporaryDirectory())
    const family = writer.family(description('many_total', ['number']))
    let before = allocated(writer.file.path)
    const steps = new Set<number>()
    for (let i = 0; i < 20_000; i++) {
      addSeries(writer, family, 1, i)
      const now = allocated(writer.file.path)
      if (now !== before) steps.add(now - before)
      before = now
    }
    expect(Math.max(...steps)).toBe(64 * KIB)
    expect(before).toBeLessThan(20_000 * 100)
  })

  it('never moves a value', () => {
    const writer = writerIn(temporaryDirectory())
    const family = writer.family(description('many_total', ['number']))
    const first = writer.series(family, ['first'], 1)
    addSeries(writer, family, 5000)
    first.values[first.index] = 42
    expect(reading(writer.file.path, valuesByLabel).first).toBe(42)
  })

  it('does not take the place of a file that is there', () => {
    const directory = temporaryDirectory()
    const { path } = writerIn(directory).file
    expect(() => writerIn(directory)).toThrow('EEXIST')
    expect(reading(path, ({ header }) => header.label)).toBe('main')
  })

  it('is not left behind when it cannot be mapped', () => {
    const directory = temporaryDirectory()
    expect(() => writerIn(directory, () => ENOSPC)).toThrow('ENOSPC')
    expect(statSync(directory).nlink).toBe(2)
    expect(() => statSync(`${directory}/1-2-3-4.meter`)).toThrow('ENOENT')
  })
})

describe('slots', () => {
  it('are used again, from 0, for a run of the same length', () => {
    const writer = writerIn(temporaryDirectory())
    const family = writer.family(description('a_total', ['number']))
    const old = writer.series(family, ['old'], 3)
    old.values.fill(5, old.index, old.index + 3)
    writer.removeSeries(old.id)
    const other = writer.series(family, ['other'], 2)
    const young = writer.series(family, ['young'], 3)
    expect(other.index).not.toBe(old.index)
    expect([young.values, young.index]).toEqual([old.values, old.index])
    expect([...young.values.subarray(young.index, young.index + 3)]).toEqual([0, 0, 0])
    expect(reading(writer.file.path, faultsOf)).toEqual([])
  })

  it('of series, pages and exemplars are free after a family is removed', () => {
    const writer = writerIn(temporaryDirectory())
    const build = (): number => {
      const family = writer.family(description('a_total', ['number']))
      for (let i = 0; i < 100; i++) {
        const { id } = writer.series(family, [`${i}`], 4)
        writer.sketchPage(id, 7, 36)
        writer.exemplars(id, 9)
        writer.exemplars(id, 9)
      }
      return family
    }
    writer.removeFamily(build())
    const before = writer.needs.values
    const family = build()
    const size = allocated(writer.file.path)
    for (let i = 0; i < 3; i++) {
      writer.removeFamily(family + i)
      expect(build()).toBe(family + i + 1)
    }
    expect(allocated(writer.file.path) - size).toBeLessThan(100 * KIB)
    expect(writer.needs.values).toBeGreaterThan(before)
    reading(writer.file.path, (reader) => {
      expect(reader.series.size).toBe(100)
      expect(faultsOf(reader)).toEqual([])
    })
  })
})

describe('a file that cannot grow', () => {
  const full = () => {
    const tmpfs = new Tmpfs()
    const writer = writerIn(temporaryDirectory(), tmpfs.map)
    const family = writer.family(description('many_total', ['number']))
    addSeries(writer, family, 50)
    tmpfs.isFull = true
    return { tmpfs, writer, family }
  }

  it('keeps what it has, and the rest is in memory and counted', () => {
    const { writer, family } = full()
    addSeries(writer, family, 2000, 50)
    reading(writer.file.path, (reader) => {
      const { unstored, error } = reader.header
      expect(unstored).toBeGreaterThan(1000)
      expect(reader.series.size + unstored).toBe(2050)
      expect(error).toBe(ENOSPC)
      expect(valuesByLabel(reader)).toMatchObject({ 'value 0': 0, 'value 49': 49 })
    })
    expect(allocated(writer.file.path)).toBe(16 * KIB)
  })

  it('takes whatever is stored all the same, and gives values that count', () => {
    const { writer, family } = full()
    addSeries(writer, family, 3000, 50)
    fill(writer)
    const series = writer.series(family, ['in memory'], 2)
    series.values[series.index + 1] = 9
    const page = writer.sketchPage(series.id, 1, 35)
    const block = writer.exemplars(series.id, 20)
    expect([...page.values.subarray(page.index, page.index + 35)].every((v) => v === 0)).toBe(true)
    expect([...block.values.subarray(block.index, block.index + 20)].some(Boolean)).toBe(false)
    expect(series.values[series.index + 1]).toBe(9)
  })

  it('is asked for room once a second', () => {
    const { tmpfs, writer, family } = full()
    const clock = vi.spyOn(performance, 'now')
    addSeries(writer, family, 3000, 50)
    const { tries } = tmpfs
    expect(tries).toBe(2)
    clock.mockReturnValue(performance.now() + 1100)
    addSeries(writer, family, 100, 4000)
    expect(tmpfs.tries).toBe(tries + 1)
  })

  it('takes new series in when there is room again', () => {
    const { tmpfs, writer, family } = full()
    addSeries(writer, family, 3000, 50)
    const { unstored } = writer
    tmpfs.isFull = false
    const later = performance.now() + 1100
    vi.spyOn(performance, 'now').mockReturnValue(later)
    addSeries(writer, family, 100, 4000)
    expect(writer.unstored).toBe(unstored)
    expect(reading(writer.file.path, valuesByLabel)['value 4099']).toBe(4099)
  })

  it('counts no longer what is removed', () => {
    const { writer, family } = full()
    const ids = addSeries(writer, family, 3000, 50)
    const inMemory = ids.filter((id) => id < 0)
    expect(writer.unstored).toBe(inMemory.length)
    for (const id of inMemory.slice(1)) writer.removeSeries(id)
    expect(reading(writer.file.path, ({ header }) => header)).toMatchObject({
      unstored: 1,
      error: ENOSPC,
    })
    writer.removeSeries(inMemory[0] as number)
    expect(reading(writer.file.path, ({ header }) => header)).toMatchObject({
      unstored: 0,
      error: 0,
    })
  })

  it('shows a series that it cannot remove, and never gives its slots to another', () => {
    const { writer, family } = full()
    const ids = addSeries(writer, family, 3000, 50)
    const stored = ids.filter((id) => id >= 0)
    for (const id of stored) writer.removeSeries(id)
    writer.removeFamily(family)
    addSeries(writer, writer.family(description('other_total', ['number'])), 1000)
    reading(writer.file.path, (reader) => {
      for (const { labels, index } of reader.series.values()) {
        expect(labels[0]).toBe(`value ${reader.values[index]}`)
      }
      expect(faultsOf(reader)).toEqual([])
    })
  })

  it('needs a file in which all has room', () => {
    const { tmpfs, writer, family } = full()
    addSeries(writer, family, 5000, 50)
    tmpfs.isFull = false
    const path = `${temporaryDirectory()}/next.meter`
    const next = new MeterWriter(MeterFile.create(path, tmpfs.map, {}, writer.needs))
    const { tries } = tmpfs
    addSeries(next, next.family(description('many_total', ['number'])), 5050)
    expect(tmpfs.tries).toBe(tries)
    expect(reading(path, ({ series }) => series.size)).toBe(5050)
  })

  it('is never made longer than readers take', () => {
    // Memory alone beyond the first segments: so large a file has no room on every tmpfs.
    const map = (fd: number, offset: number, bytes: number) =>
      offset === 0 ? mapSegment(fd, offset, bytes) : new ArrayBuffer(bytes)
    const writer = writerIn(temporaryDirectory(), map)
    const family = writer.family(description('wide', ['number']))
    const slots = LIMITS.fileBytes / 8 / 2 - 4096
    for (let i = 0; i < 3; i++) writer.series(family, [`${i}`], slots)
    expect([writer.unstored, writer.file.error]).toEqual([1, EFBIG])
  })
})

describe('what is gone', () => {
  const churn = (onGarbage: () => void, rounds: number): MeterWriter => {
    const writer = writerIn(temporaryDirectory(), mapSegment, onGarbage)
    const family = writer.family(description('many_total', ['number']))
    for (let i = 0; i < rounds; i++) {
      for (const id of addSeries(writer, family, 100, 100 * i)) writer.removeSeries(id)
    }
    return writer
  }

  it('is told of once, when it is most of a catalogue', () => {
    const onGarbage = vi.fn()
    churn(onGarbage, 5)
    expect(onGarbage).not.toHaveBeenCalled()
    churn(onGarbage, 50)
    expect(onGarbage).toHaveBeenCalledOnce()
  })

  it('is not told of while most is still there', () => {
    const onGarbage = vi.fn()
    const writer = writerIn(temporaryDirectory(), mapSegment, onGarbage)
    const family = writer.family(description('many_total', ['number']))
    for (const id of addSeries(writer, family, 10_000).slice(0, 2500)) writer.removeSeries(id)
    expect(onGarbage).not.toHaveBeenCalled()
  })

  it('is not counted among what a new file needs', () => {
    const writer = churn(() => {}, 100)
    expect(writer.needs).toEqual(churn(() => {}, 1).needs)
  })

  it('does not come back with a label value that was used before', () => {
    const writer = writerIn(temporaryDirectory())
    fill(writer)
    const [requests] = SERIES[0] as [string]
    const family = writer.family(description(requests, ['method', 'route', 'status']))
    for (let i = 0; i < 50; i++) {
      writer.removeSeries(writer.series(family, ['PUT', '/', '200'], 1).id)
    }
    expect(reading(writer.file.path, seriesOf)).toEqual(SERIES)
  })
})
