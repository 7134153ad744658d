import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { HEADER_BYTES, LIMITS } from '../../dist/meter/layout.js'
import { MeterFileError, MeterReader } from '../../dist/meter/reader.js'
import { MeterImage } from '../../dist/meter/records-image.js'
import { fill } from './fixtures/all-records.mjs'
import { addSeries, description, faultsOf, writerIn } from './meter-file.js'
import { temporaryDirectory } from './temporary-directory.js'

// Sound files, damaged at random: whatever a reader then does, it ends soon, in an error with a reason or
// with what is in itself sound. METER_FUZZ_SEED repeats a run; METER_FUZZ_SECONDS makes it longer.

const SECONDS = Number(process.env.METER_FUZZ_SECONDS ?? 2)
const FIRST_SEED = Number(process.env.METER_FUZZ_SEED ?? 1)
const SLOW_MS = 2000

type Random = (below: number) => number

/** A generator with nothing hidden (mulberry32), so that a seed says all. */
function randomOf(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const HOSTILE = [
  0,
  1,
  2,
  3,
  7,
  8,
  9,
  15,
  16,
  17,
  127,
  128,
  129,
  255,
  1023,
  1024,
  1025,
  4096,
  65_535,
  65_536,
  LIMITS.series,
  LIMITS.catalogueBytes,
  LIMITS.fileBytes - 8,
  LIMITS.fileBytes,
  2 ** 30,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 8,
  2 ** 32 - 1,
]

type Damage = (file: Buffer, random: Random) => Buffer

const anywhere = (file: Buffer, random: Random): number => random(file.length)

const wordAt = (file: Buffer, random: Random): number => 4 * random(file.length >> 2)

const DAMAGES: Damage[] = [
  function flipBits(file, random) {
    for (let i = random(4); i >= 0; i--) {
      const at = anywhere(file, random)
      file[at] = (file[at] as number) ^ (1 << random(8))
    }
    return file
  },
  function setWords(file, random) {
    for (let i = random(3); i >= 0; i--) {
      file.writeUInt32LE(HOSTILE[random(HOSTILE.length)] as number, wordAt(file, random))
    }
    return file
  },
  function setHeaderWord(file, random) {
    file.writeUInt32LE(HOSTILE[random(HOSTILE.length)] as number, 4 * random(HEADER_BYTES / 4))
    return file
  },
  function nudgeWord(file, random) {
    const at = wordAt(file, random)
    file.writeUInt32LE((file.readUInt32LE(at) + random(33) + 2 ** 32 - 16) % 2 ** 32, at)
    return file
  },
  function copyPiece(file, random) {
    const from = 8 * random(file.length >> 3)
    file.copy(file, 8 * random(file.length >> 3), from, from + 8 * random(64))
    return file
  },
  function cut(file, random) {
    return file.subarray(0, anywhere(file, random))
  },
  function insert(file, random) {
    const at = 8 * random(file.length >> 3)
    return Buffer.concat([file.subarray(0, at), Buffer.alloc(8 * random(9)), file.subarray(at)])
  },
  function noise(file, random) {
    const at = anywhere(file, random)
    const end = Math.min(file.length, at + random(256))
    for (let i = at; i < end; i++) file[i] = random(256)
    return file
  },
]

function soundFiles(): Buffer[] {
  const image = new MeterImage({ label: 'main', pid: 1, tid: 1 })
  fill(image)
  const writer = writerIn(temporaryDirectory())
  fill(writer)
  const family = writer.family(description('many_total', ['number']))
  for (const id of addSeries(writer, family, 600).slice(200, 300)) writer.removeSeries(id)
  addSeries(writer, family, 50, 600)
  return [image.toBuffer(), readFileSync(writer.file.path)]
}

interface Tally {
  cases: number
  reasons: Record<string, number>
}

/** What a reader does, in one word; anything else than these is thrown. */
function attempt(act: () => MeterReader): string {
  const start = performance.now()
  try {
    const faults = faultsOf(act())
    expect(faults).toEqual([])
    return 'sound'
  } catch (error) {
    if (!(error instanceof MeterFileError)) throw error
    return error.reason
  } finally {
    expect(performance.now() - start).toBeLessThan(SLOW_MS)
  }
}

/** Opens a damaged file, and damages one that was opened whole. */
function runCase(path: string, sound: Buffer, random: Random): string[] {
  const damage = DAMAGES[random(DAMAGES.length)] as Damage
  const damaged = (): Buffer => damage(Buffer.from(sound), random)
  let reader: MeterReader | undefined
  try {
    writeFileSync(path, damaged())
    const opened = attempt(() => {
      reader = MeterReader.open(path)
      return reader
    })
    reader?.close()
    writeFileSync(path, sound)
    const other = MeterReader.open(path)
    reader = other
    writeFileSync(path, damaged())
    const refreshed = attempt(() => {
      other.refresh()
      return other
    })
    return [opened, refreshed]
  } catch (error) {
    throw new Error(`${damage.name}: ${error}`, { cause: error })
  } finally {
    reader?.close()
  }
}

it(`survives damaged files for ${SECONDS} s`, { timeout: SECONDS * 1000 + 30_000 }, () => {
  const path = join(temporaryDirectory(), '1-2-3-4.meter')
  const files = soundFiles()
  const tally: Tally = { cases: 0, reasons: {} }
  const end = performance.now() + SECONDS * 1000
  for (let seed = FIRST_SEED; performance.now() < end; seed++) {
    const random = randomOf(seed)
    const sound = files[random(files.length)] as Buffer
    try {
      for (const result of runCase(path, sound, random)) {
        tally.reasons[result] = (tally.reasons[result] ?? 0) + 1
      }
    } catch (error) {
      throw new Error(`METER_FUZZ_SEED=${seed}: ${error}`, { cause: error })
    }
    tally.cases++
  }
  if (SECONDS > 10) console.log(tally)
  expect(tally.cases).toBeGreaterThan(200)
  for (const result of ['sound', 'malformed', 'truncated', 'foreign-format']) {
    expect(tally.reasons[result]).toBeGreaterThan(0)
  }
})
