import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readExemplar } from '../../dist/meter/exemplar-slots.js'
import type { SeriesStore } from '../../dist/meter/model.js'
import { MeterImage } from '../../dist/meter/records-image.js'
import { DEFAULT_LABELS, FAMILIES, fill, SERIES } from './fixtures/all-records.mjs'
import { addSeries, description, faultsOf, reading, seriesOf, writerIn } from './meter-file.js'
import { temporaryDirectory } from './temporary-directory.js'

interface Kind {
  what: string
  /** Writes a file through a store, and returns its path. */
  write(directory: string, through: (store: SeriesStore) => void): string
}

const kinds: Kind[] = [
  {
    what: 'a file made at once',
    write(directory, through) {
      const image = new MeterImage({ label: 'main' })
      through(image)
      writeFileSync(join(directory, 'whole.meter'), image.toBuffer())
      return join(directory, 'whole.meter')
    },
  },
  {
    what: 'a file that its thread writes',
    write(directory, through) {
      const writer = writerIn(directory)
      through(writer)
      return writer.file.path
    },
  },
]

describe.each(kinds)('$what', ({ write }) => {
  it('is read as it was written, whatever kind of record', () => {
    const path = write(temporaryDirectory(), fill)
    reading(path, (reader) => {
      expect([...reader.families.values()]).toEqual(FAMILIES.slice(0, 4))
      expect(seriesOf(reader)).toEqual(SERIES)
      expect(reader.defaultLabels).toEqual(DEFAULT_LABELS)
      expect(reader.header).toMatchObject({ label: 'main', unstored: 0, error: 0 })
      expect(faultsOf(reader)).toEqual([])
    })
  })

  it('has the last exemplars of a series', () => {
    const path = write(temporaryDirectory(), fill)
    reading(path, ({ series, values }) => {
      const [block, ...others] = [...series.values()].flatMap(({ exemplars }) => exemplars ?? [])
      expect(others).toEqual([])
      expect(readExemplar({ values, index: block?.index as number }, 3)).toEqual({
        labels: `trace_id="${'é'.repeat(40)}"`,
        value: 0.25,
        timestamp: 1.7e9,
      })
    })
  })

  it('holds as many series as are put into it', () => {
    const path = write(temporaryDirectory(), (store) => {
      const family = store.family(description('many_total', ['number']))
      addSeries(store, family, 20_000)
    })
    reading(path, (reader) => {
      expect(reader.series.size).toBe(20_000)
      const wrong = [...reader.series.values()].filter(
        ({ labels, index }) => labels[0] !== `value ${reader.values[index]}`,
      )
      expect(wrong).toEqual([])
      expect(faultsOf(reader)).toEqual([])
    })
  })

  it('takes strings and runs that are larger than any step of growth', () => {
    const long = 'é'.repeat(100_000)
    const path = write(temporaryDirectory(), (store) => {
      const family = store.family({ ...description('long_total', ['x']), help: long })
      const wide = store.series(family, [`${long}!`], 20_000)
      wide.values[wide.index + 19_999] = 8
      addSeries(store, family, 3)
    })
    reading(path, (reader) => {
      const [wide, ...others] = [...reader.series.values()]
      expect(reader.families.get(0)?.help).toBe(long)
      expect(wide?.labels).toEqual([`${long}!`])
      expect(reader.values[(wide?.index as number) + 19_999]).toBe(8)
      expect(others.map(({ index }) => reader.values[index])).toEqual([0, 1, 2])
    })
  })
})

it('names files that are folded into a file made at once', () => {
  const image = new MeterImage({})
  image.folded('1-2-3-4.meter')
  image.folded('ü.meter')
  const path = join(temporaryDirectory(), 'retired')
  writeFileSync(path, image.toBuffer())
  expect(reading(path, ({ folded }) => folded)).toEqual(['1-2-3-4.meter', 'ü.meter'])
})

it('gives the same file again after more values', () => {
  const image = new MeterImage({})
  const family = image.family(description('a_total'))
  const series = image.series(family, [], 1)
  const path = join(temporaryDirectory(), 'image')
  for (const value of [3, 4]) {
    series.values[series.index] = value
    writeFileSync(path, image.toBuffer())
    expect(reading(path, seriesOf)).toEqual([['a_total', [], [value], []]])
  }
  expect(readFileSync(path).length).toBeLessThan(2000)
})

it('cuts names of a header between two characters', () => {
  const image = new MeterImage({ label: 'é'.repeat(100), program: `x${'😀'.repeat(100)}` })
  const path = join(temporaryDirectory(), 'image')
  writeFileSync(path, image.toBuffer())
  reading(path, ({ header }) => {
    expect(header.label).toBe('é'.repeat(64))
    expect(header.program).toBe(`x${'😀'.repeat(63)}`)
  })
})
