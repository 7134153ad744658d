import { execFileSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { readExemplar } from '../../dist/meter/exemplar-slots.js'
import { STATE } from '../../dist/meter/layout.js'
import type { MeterReader, ReadSeries, ReadSlots } from '../../dist/meter/reader.js'
import { MeterImage } from '../../dist/meter/records-image.js'
import { cleanEnvironment } from '../fixtures/run.js'
import { fill } from './fixtures/all-records.mjs'
import { addSeries, description, reading, writerIn } from './meter-file.js'
import { temporaryDirectory } from './temporary-directory.js'

// docs/meter-files.md, proved by a reader in another language that was written from it alone.

const here = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))

const readByPython = (paths: string[]): unknown[] =>
  JSON.parse(execFileSync('python3', [here('read_meter.py'), ...paths], { encoding: 'utf8' }))

/** As bytes in hexadecimal: JSON knows neither NaN nor infinities. */
function bytesOf({ values }: MeterReader, { index, slots }: ReadSlots): string {
  const { buffer, byteOffset } = values.subarray(index, index + slots)
  return Buffer.from(buffer, byteOffset, slots * 8).toString('hex')
}

function exemplarsOf({ values }: MeterReader, { index }: ReadSlots): unknown[] {
  const places = values[index] as number
  return Array.from(
    { length: places },
    (_, place) => readExemplar({ values, index }, place) ?? null,
  )
}

function shownSeries(reader: MeterReader, series: ReadSeries): unknown {
  const pages = [...series.pages].map(([page, slots]) => [page, bytesOf(reader, slots)])
  return {
    family: series.family,
    labels: series.labels.map((label) => label ?? null),
    values: bytesOf(reader, series),
    pages: Object.fromEntries(pages),
    exemplars: series.exemplars === undefined ? null : exemplarsOf(reader, series.exemplars),
  }
}

function shown(reader: MeterReader): unknown {
  const series = [...reader.series].map(([id, one]) => [id, shownSeries(reader, one)])
  return JSON.parse(
    JSON.stringify({
      header: reader.header,
      families: Object.fromEntries(reader.families),
      series: Object.fromEntries(series),
      defaultLabels: reader.defaultLabels,
      folded: reader.folded,
    }),
  )
}

/** Both readers must say the same of these files; returns what they say. */
function compared(paths: string[]): unknown[] {
  const ours = paths.map((path) => reading(path, shown))
  expect(readByPython(paths)).toEqual(ours)
  return ours
}

it('describes each kind of record', () => {
  const directory = temporaryDirectory()
  const writer = writerIn(directory)
  fill(writer)
  const image = new MeterImage({ label: 'totals', kind: 3, finalCpu: Number.NaN })
  fill(image)
  image.folded('1-2-3-4.meter')
  writeFileSync(join(directory, 'retired'), image.toBuffer())
  const [live, whole] = compared([writer.file.path, join(directory, 'retired')]) as {
    series: object
  }[]
  expect(Object.keys(live?.series ?? {})).toEqual(['0', '2', '3', '4', '5', '8'])
  expect(whole?.series).toEqual(live?.series)
})

it('describes a file of many segments', () => {
  const writer = writerIn(temporaryDirectory())
  const family = writer.family(description('many_total', ['number']))
  for (const id of addSeries(writer, family, 5000).slice(100, 4000)) writer.removeSeries(id)
  addSeries(writer, family, 2000, 5000)
  compared([writer.file.path])
})

it('describes the files of real threads', () => {
  const directory = temporaryDirectory()
  execFileSync(process.execPath, [here('real-threads.mjs')], {
    env: { ...cleanEnvironment(), THREADMETER_DIR: directory },
  })
  const names = readdirSync(directory).filter((name) => name.endsWith('.meter'))
  const files = compared(names.map((name) => join(directory, name))) as {
    header: { label: string; state: number; finalCpu: number }
    families: Record<number, { name: string }>
  }[]
  expect(files.map(({ header }) => header.label).sort()).toEqual(['main', 'worker-1'])
  const worker = files.find(({ header }) => header.label === 'worker-1')
  expect(worker?.header.state).toBe(STATE.ended)
  expect(worker?.header.finalCpu).toBeGreaterThan(1e6)
  const families = Object.values(worker?.families ?? {}).map(({ name }) => name)
  expect(families).toEqual(
    expect.arrayContaining(['requests_total', 'temperature', 'seconds', 'sizes']),
  )
})
