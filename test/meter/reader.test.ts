import { execFileSync } from 'node:child_process'
import {
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HEADER, LIMITS, SEGMENT, STATE } from '../../dist/meter/layout.js'
import { MeterFileError, MeterReader } from '../../dist/meter/reader.js'
import { MeterImage } from '../../dist/meter/records-image.js'
import { fill } from './fixtures/all-records.mjs'
import { addSeries, description, reading, seriesOf, writerIn } from './meter-file.js'
import { temporaryDirectory } from './temporary-directory.js'

const SPARSE_BYTES = 2 ** 30

/** The path of a sound file, changed in some way. */
function fileOf(change: (file: Buffer) => Buffer | undefined = (file) => file): string {
  const image = new MeterImage({ label: 'main' })
  fill(image)
  const path = join(temporaryDirectory(), '1-2-3-4.meter')
  const file = image.toBuffer()
  writeFileSync(path, change(file) ?? file, { mode: 0o600 })
  return path
}

function reasonOf(path: string, owner?: number): string {
  try {
    MeterReader.open(path, owner).close()
    return 'none'
  } catch (error) {
    if (!(error instanceof MeterFileError)) throw error
    expect(error.message).toContain(path)
    return error.reason
  }
}

const withWord = (at: number, value: number) => (file: Buffer) => {
  file.writeUInt32LE(value, at)
  return file
}

describe('what is no meter file', () => {
  it('is refused by what it is', () => {
    const directory = temporaryDirectory()
    const at = (name: string): string => join(directory, name)
    symlinkSync(fileOf(), at('link'))
    mkdirSync(at('directory'))
    execFileSync('mkfifo', [at('pipe')])
    writeFileSync(at('empty'), '')
    writeFileSync(at('text'), 'THRMETEX'.repeat(500))
    expect(reasonOf(at('link'))).toBe('not-a-file')
    expect(reasonOf(at('directory'))).toBe('not-a-file')
    expect(reasonOf(at('pipe'))).toBe('not-a-file')
    expect(reasonOf('/dev/zero')).toBe('not-a-file')
    expect(reasonOf(at('empty'))).toBe('truncated')
    expect(reasonOf(at('text'))).toBe('foreign-format')
    expect(reasonOf(at('nothing'))).toBe('gone')
    expect(reasonOf(join(at('text'), 'below'))).toBe('gone')
  })

  it('may be a socket', async () => {
    const path = join(temporaryDirectory(), 'socket')
    const server = createServer().listen(path)
    await new Promise((listening) => server.once('listening', listening))
    expect(reasonOf(path)).toBe('not-a-file')
    await new Promise((closed) => server.close(closed))
  })

  it('leaves no descriptor open', () => {
    const path = fileOf((file) => file.subarray(0, 3000))
    const descriptors = (): number =>
      execFileSync('ls', ['-l', `/proc/${process.pid}/fd`], { encoding: 'utf8' }).split(path)
        .length - 1
    const fd = openSync(path, 'r')
    expect(descriptors()).toBe(1)
    closeSync(fd)
    for (let i = 0; i < 20; i++) reasonOf(path)
    expect(descriptors()).toBe(0)
  })
})

describe('a meter file', () => {
  it('of another user is refused', () => {
    const path = fileOf()
    if (process.getuid?.() === 0) chownSync(path, 12_345, 12_345)
    const owner = process.getuid?.() === 0 ? 0 : 12_345
    expect(reasonOf(path, owner)).toBe('foreign-owner')
    if (owner === 0) expect(reasonOf(path, 12_345)).toBe('none')
  })

  it('of a newer version is refused as such', () => {
    expect(reasonOf(fileOf(withWord(HEADER.version, 2)))).toBe('newer-version')
    expect(reasonOf(fileOf(withWord(HEADER.version, 0)))).toBe('malformed')
  })

  it('is truncated at whatever length but its own', () => {
    const whole = readFileSync(fileOf())
    const path = fileOf()
    const used = whole.readUInt32LE(HEADER.end)
    expect(used).toBe(whole.length)
    const reasons = new Set<string>()
    for (let length = 0; length < whole.length; length += 8) {
      truncateSync(path, 0)
      writeFileSync(path, whole.subarray(0, length))
      reasons.add(reasonOf(path))
    }
    expect([...reasons]).toEqual(['truncated'])
  })

  it('ends where its header says', () => {
    const path = fileOf((file) => Buffer.concat([file, Buffer.alloc(5000, 0xff)]))
    expect(reading(path, seriesOf)).toEqual(reading(fileOf(), seriesOf))
  })

  it('may not claim more than a reader takes', () => {
    const path = fileOf(withWord(HEADER.end, LIMITS.fileBytes + 8))
    truncateSync(path, SPARSE_BYTES)
    expect(reasonOf(path)).toBe('too-large')
  })

  it('may not have more segments than a reader takes', () => {
    const many = Buffer.alloc((LIMITS.segments + 2) * SEGMENT.headerBytes)
    for (let at = 0; at < many.length; at += SEGMENT.headerBytes) {
      many.writeUInt32LE(9, at)
      many.writeUInt32LE(SEGMENT.headerBytes, at + SEGMENT.bytes)
    }
    const path = fileOf((file) => {
      withWord(HEADER.end, file.length + many.length)(file)
      return Buffer.concat([file, many])
    })
    expect(reasonOf(path)).toBe('too-large')
  })

  it('may have segments and records of kinds to come', () => {
    const unknown = Buffer.alloc(64, 0xee)
    unknown.writeUInt32LE(77, 0)
    unknown.writeUInt32LE(64, SEGMENT.bytes)
    const path = fileOf((file) => {
      withWord(HEADER.end, file.length + 64)(file)
      return Buffer.concat([file, unknown])
    })
    expect(reading(path, seriesOf)).toEqual(reading(fileOf(), seriesOf))
  })

  it('keeps memory and time small when it claims very many values', () => {
    const path = fileOf((file) => {
      const header = file.subarray(0, 1024)
      withWord(HEADER.end, LIMITS.fileBytes)(header)
      withWord(HEADER.records, 1)(header)
      const segment = Buffer.alloc(16)
      segment.writeUInt32LE(2, 0)
      segment.writeUInt32LE(LIMITS.fileBytes - 1024, SEGMENT.bytes)
      return Buffer.concat([header, segment])
    })
    truncateSync(path, SPARSE_BYTES)
    expect(reasonOf(path)).toBe('malformed')
  })
})

describe('a file that changes while it is open', () => {
  it('is read as it is now', () => {
    const writer = writerIn(temporaryDirectory())
    const family = writer.family(description('a_total', ['number']))
    const reader = MeterReader.open(writer.file.path)
    const revisions = [reader.revision]
    for (let i = 0; i < 3; i++) {
      addSeries(writer, family, 1000, 1000 * i)
      reader.refresh()
      revisions.push(reader.revision)
      expect(reader.series.size).toBe(1000 * (i + 1))
      for (const { labels, index } of reader.series.values()) {
        expect(`value ${reader.values[index]}`).toBe(labels[0])
      }
    }
    expect(new Set(revisions).size).toBe(4)
    reader.refresh()
    expect(reader.revision).toBe(revisions.at(-1))
    reader.close()
  })

  it('keeps the objects of its series', () => {
    const writer = writerIn(temporaryDirectory())
    const family = writer.family(description('a_total', ['number']))
    addSeries(writer, family, 10)
    const reader = MeterReader.open(writer.file.path)
    const before = new Map(reader.series)
    const removed = addSeries(writer, family, 10, 10)[0] as number
    writer.removeSeries(removed)
    writer.removeSeries(3)
    reader.refresh()
    expect(reader.series.size).toBe(18)
    for (const [id, series] of before)
      expect(reader.series.get(id)).toBe(id === 3 ? undefined : series)
    reader.close()
  })

  it('is truncated when it shrinks, and says so again', () => {
    const path = fileOf()
    const reader = MeterReader.open(path)
    const before = seriesOf(reader)
    truncateSync(path, 1100)
    for (let i = 0; i < 2; i++) {
      expect(() => reader.refresh()).toThrow(expect.objectContaining({ reason: 'truncated' }))
    }
    expect(seriesOf(reader).length).toBe(before.length)
    reader.close()
  })

  it('does not matter beyond its end', () => {
    const path = fileOf()
    const reader = MeterReader.open(path)
    truncateSync(path, SPARSE_BYTES)
    reader.refresh()
    expect(seriesOf(reader)).toEqual(reading(fileOf(), seriesOf))
    reader.close()
  })

  it('stays readable without a name', () => {
    const path = fileOf()
    const reader = MeterReader.open(path)
    unlinkSync(path)
    reader.refresh()
    expect(reader.series.size).toBe(6)
    reader.close()
  })

  it('is followed to the file that takes its place', () => {
    const directory = temporaryDirectory()
    const writer = writerIn(directory)
    const { path } = writer.file
    addSeries(writer, writer.family(description('a_total', ['number'])), 5)
    const reader = MeterReader.open(path)
    unlinkSync(path)
    const next = writerIn(directory)
    addSeries(next, next.family(description('b_total', ['number'])), 2)
    reader.refresh()
    expect([reader.series.size, reader.generation]).toEqual([5, 0])
    const { revision } = reader
    writer.file.setState(STATE.replaced)
    reader.refresh()
    expect([reader.series.size, reader.generation]).toEqual([2, 1])
    expect(reader.revision).toBeGreaterThan(revision)
    expect(reader.families.get(0)?.name).toBe('b_total')
    reader.close()
  })

  it('is refused when it is said to be replaced by itself, or by nothing', () => {
    const path = fileOf(withWord(HEADER.state, STATE.replaced))
    expect(reasonOf(path)).toBe('malformed')
    const { file } = writerIn(temporaryDirectory())
    const reader = MeterReader.open(file.path)
    unlinkSync(file.path)
    file.setState(STATE.replaced)
    expect(() => reader.refresh()).toThrow(expect.objectContaining({ reason: 'gone' }))
    reader.close()
  })
})
