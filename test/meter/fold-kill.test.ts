import { execFile } from 'node:child_process'
import { cpSync, readdirSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { STATE } from '../../dist/meter/layout.js'
import { MeterService } from '../../dist/meter/service.js'
import { cleanEnvironment } from '../fixtures/run.js'
import {
  deadThread,
  family,
  LIVING,
  shown,
  store,
  storeOne,
  type TestHeader,
  writeMeter,
} from './fixtures/meters.mjs'
import { temporaryDirectory } from './temporary-directory.js'

const FIXTURE = new URL('fixtures/fold-killed.mjs', import.meta.url).pathname
const jobs = family('jobs_total', { labelNames: ['kind'] })
const collections = family('collections_total', { perProcess: true })
const queue = family('queue_size', { type: 'gauge' })

const TOTALS = {
  collections_total: { 'process 0': 1, 'process 1,app=x': 5 },
  jobs_total: { 'kind=a': 1011, 'kind=b': 2000, 'kind=c,app=x': 300 },
  queue_size: { '': 7 },
}

/** Totals of an earlier fold, a thread that was killed, one that ended in order, and one that lives. */
function prepare(): string {
  const dir = temporaryDirectory()
  const write = (thread: TestHeader, value: number) =>
    writeMeter(dir, thread, (image) => {
      store(image, image.family(jobs), ['a'], value)
      storeOne(image, queue, 99)
    })
  write(deadThread(1), 1)
  fold(dir)
  write(deadThread(2), 10)
  const ended = { ...deadThread(3), state: STATE.ended, processSlot: 1 }
  writeMeter(dir, ended, (image) => {
    image.defaultLabels({ app: 'x' })
    store(image, image.family(jobs), ['c'], 300)
    storeOne(image, collections, 5)
  })
  writeMeter(dir, LIVING, (image) => {
    const id = image.family(jobs)
    store(image, id, ['a'], 1000)
    store(image, id, ['b'], 2000)
    storeOne(image, queue, 7)
    storeOne(image, collections, 1)
  })
  return dir
}

function fold(dir: string): void {
  const service = new MeterService(dir)
  service.lead()
  service.fold()
  service.close()
}

function look(dir: string): unknown {
  const service = new MeterService(dir)
  service.refresh()
  const all = shown(service)
  service.close()
  return all
}

interface Outcome {
  readonly signal: string | undefined
  readonly stdout: string
  readonly stderr: string
}

/** Folds in a process of its own, which kills itself before the step of that number. */
function foldKilled(dir: string, step: number): Promise<Outcome> {
  const options = { env: cleanEnvironment(), timeout: 30_000 }
  return new Promise((resolve) => {
    execFile(process.execPath, [FIXTURE, dir, `${step}`], options, (error, stdout, stderr) => {
      resolve({ signal: error?.signal ?? undefined, stdout, stderr })
    })
  })
}

const NEVER = 0

async function callsOfFold(): Promise<string[]> {
  const { stdout, stderr } = await foldKilled(prepare(), NEVER)
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

/** Runs all with as many at once as there are processors. */
async function each<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items]
  const lane = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await run(item)
  }
  await Promise.all(Array.from({ length: availableParallelism() }, lane))
}

/** Nothing is lost, nothing counts twice, and the next fold leaves no trace of the killed ones. */
function expectExact(dir: string, where: string): void {
  expect(look(dir), `${where}, seen by a new reader`).toEqual(TOTALS)
  fold(dir)
  expect(look(dir), `${where}, after the next fold`).toEqual(TOTALS)
  const names = readdirSync(dir).filter((name) => name !== 'observer.lock')
  const own = names.filter((name) => name.startsWith(`${LIVING.pid}-${LIVING.processStart}-`))
  expect(names.sort(), where).toEqual([...own, 'retired'].sort())
  expect(own).toHaveLength(1)
}

it('counts everything exactly once wherever a fold is killed', async () => {
  const calls = await callsOfFold()
  expect(calls).toEqual(expect.arrayContaining(['renameSync', 'unlinkSync', 'writeSync']))
  const steps = Array.from({ length: calls.length + 1 }, (_, i) => i + 1)
  await each(steps, async (step) => {
    const dir = prepare()
    const where = `killed before call ${step}, ${calls[step - 1] ?? 'the end'}`
    expect(await foldKilled(dir, step), where).toMatchObject({ signal: 'SIGKILL', stderr: '' })
    expectExact(dir, where)
  })
})

const CHANGES = ['openSync', 'writeSync', 'closeSync', 'renameSync', 'unlinkSync']

/** From the first write of the totals on: what comes before only reads. */
function stepsThatChange(calls: readonly string[]): number[] {
  const first = calls.lastIndexOf('writeSync') - 1
  return calls.flatMap((name, i) => (i >= first && CHANGES.includes(name) ? [i + 1] : []))
}

const contents = (dir: string): string =>
  readdirSync(dir)
    .map(
      (name) => `${name.replace(/^\.retired-.*/, 'temporary')} ${statSync(join(dir, name)).size}`,
    )
    .join()

/** What a killed fold can leave, each once. */
async function remains(): Promise<[where: string, dir: string][]> {
  const found = new Map<string, [string, string]>()
  await each(stepsThatChange(await callsOfFold()), async (step) => {
    const dir = prepare()
    expect(await foldKilled(dir, step)).toMatchObject({ signal: 'SIGKILL' })
    found.set(contents(dir), [`killed before call ${step}`, dir])
  })
  return [...found.values()]
}

function copyOf(dir: string): string {
  const copy = temporaryDirectory()
  cpSync(dir, copy, { recursive: true })
  return copy
}

it('counts everything exactly once when the next fold is killed too', async () => {
  const left = await remains()
  expect(left.length).toBeGreaterThanOrEqual(4)
  const pairs: [where: string, dir: string, step: number][] = []
  await each(left, async ([where, dir]) => {
    const { stdout } = await foldKilled(copyOf(dir), NEVER)
    for (const step of stepsThatChange(JSON.parse(stdout))) pairs.push([where, dir, step])
  })
  await each(pairs, async ([first, dir, step]) => {
    const copy = copyOf(dir)
    const where = `${first}, then before call ${step}`
    expect(await foldKilled(copy, step), where).toMatchObject({ signal: 'SIGKILL', stderr: '' })
    expectExact(copy, where)
  })
})
