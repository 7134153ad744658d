// However a thread ends, its meter file can be read and holds every increment that had returned. Each
// writer notes those in another mapping, one store behind.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { STATE } from '../../dist/meter/layout.js'
import { MeterReader } from '../../dist/meter/reader.js'
import { resultOf, runFixture } from './run.js'

// What a file has room for before it has to grow.
const FIRST_SLOTS = 512
const folder = mkdtempSync('/dev/shm/threadmeter-ends-')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Notes {
  increments: number
  tid: number
  /** The last reading of its own clock, in ns. */
  cpu: number
}

function readNotes(path: string): Notes {
  const bytes = readFileSync(path)
  const at = (index: number): number => (bytes.length === 0 ? 0 : bytes.readDoubleLE(8 * index))
  return { increments: at(0), tid: at(1), cpu: at(2) }
}

interface Meter {
  state: number
  total: number
  series: number
  finalCpu: number
}

/** The meter file of a thread in `directory`. */
function readMeter(directory: string, tid: number): Meter {
  const names = readdirSync(directory).filter((name) => /^\d.*\.meter$/.test(name))
  const name = names.find((one) => one.split('-')[2] === `${tid}`)
  const reader = MeterReader.open(join(directory, name as string))
  const { values, header } = reader
  const family = [...reader.families].find(([, one]) => one.name === 'work_total')?.[0]
  const series = [...reader.series.values()].filter((one) => one.family === family)
  const total = series.reduce((sum, { index }) => sum + (values[index] as number), 0)
  reader.close()
  return { state: header.state, total, series: series.length, finalCpu: header.finalCpu }
}

/** The increment under way may have been stored without having been noted. */
function expectComplete({ total }: Meter, { increments }: Notes): void {
  expect(total - increments).toBeGreaterThanOrEqual(0)
  expect(total - increments).toBeLessThanOrEqual(1)
}

for (const [ending, code, signal] of [
  ['exit', 3, null],
  ['throw', 1, null],
  ['abort', null, 'SIGABRT'],
  ['kill', null, 'SIGKILL'],
] as const) {
  test.concurrent(`${ending} right after an increment`, async () => {
    const directory = join(folder, ending)
    const notes = join(folder, `notes-${ending}`)
    const outcome = await runFixture('meter-writer', {
      args: [notes, ending, '12345'],
      env: { THREADMETER_DIR: directory },
      through: ['prlimit', '--core=0'],
    })
    expect(outcome).toMatchObject({ code, signal })
    const meter = readMeter(directory, readNotes(notes).tid)
    expect(meter.total).toBe(12_345)
    // Nobody is left to tell that a main thread has ended.
    expect(meter.state).toBe(STATE.live)
  })
}

/** Undefined before there is a file. */
function incrementsIn(notes: string): number | undefined {
  try {
    return readNotes(notes).increments
  } catch {
    return undefined
  }
}

async function killAfter(milliseconds: number): Promise<void> {
  const directory = join(folder, `killed-${milliseconds}`)
  const notes = join(folder, `notes-killed-${milliseconds}`)
  const fixture = new URL('fixtures/meter-writer.mjs', import.meta.url).pathname
  const { NODE_OPTIONS: _, ...env } = process.env
  const child = spawn(process.execPath, [fixture, notes], {
    env: { ...env, THREADMETER_DIR: directory },
    stdio: 'ignore',
  })
  const exit = once(child, 'exit')
  while (child.exitCode === null && (incrementsIn(notes) ?? 0) === 0) await setTimeout(5)
  await setTimeout(milliseconds)
  child.kill('SIGKILL')
  expect(await exit).toEqual([null, 'SIGKILL'])
  const noted = readNotes(notes)
  expectComplete(readMeter(directory, noted.tid), noted)
}

test('SIGKILL at moments of which the writer knows nothing', async () => {
  await Promise.all([0, 5, 10, 20, 40, 80].map(killAfter))
})

test('workers that are terminated while they write', async () => {
  const directory = join(folder, 'terminated')
  const env = { THREADMETER_DIR: directory }
  const notesIn = mkdtempSync(join(folder, 'notes-'))
  const rounds = await resultOf<object[]>('meter-terminate', { args: [notesIn], env })
  const all = readdirSync(notesIn).map((name) => readNotes(join(notesIn, name)))
  const counted = all.filter(({ increments }) => increments > 0)
  expect(counted.length).toBeGreaterThan(12)
  let grown = 0
  for (const notes of counted) {
    const meter = readMeter(directory, notes.tid)
    expectComplete(meter, notes)
    expect(meter.state).toBe(STATE.ended)
    expect(meter.finalCpu).toBeGreaterThanOrEqual(notes.cpu)
    expect(meter.finalCpu).toBeGreaterThan(0)
    if (meter.series > FIRST_SLOTS) grown++
  }
  expect(grown).toBeGreaterThan(0)
  expect(rounds).toEqual(rounds.map(() => ({ mapped: [], open: [] })))
})

test('children have nothing mapped and nothing open', async () => {
  const env = { THREADMETER_DIR: join(folder, 'parent') }
  const found = await resultOf('meter-children', { env })
  expect(found).toEqual({ own: expect.any(Number), mapped: 0, open: 0, forked: 0 })
  expect((found as { own: number }).own).toBeGreaterThan(0)
})
