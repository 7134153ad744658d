import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chownSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { STATE } from '../../dist/meter/layout.js'
import { MeterService } from '../../dist/meter/service.js'
import { cleanEnvironment, fixtureCommand } from '../fixtures/run.js'
import {
  deadThread,
  family,
  LIVING,
  shown,
  store,
  storeOne,
  type TestHeader,
  valuesOf,
  writeMeter,
} from './fixtures/meters.mjs'
import { temporaryDirectory } from './temporary-directory.js'

const jobs = family('jobs_total', { labelNames: ['kind'] })
const size = family('queue_size', { type: 'gauge' })
const took = { type: 'summary', parameters: [0, 5, 0.5] } as const
const seconds = family('seconds', { type: 'histogram', parameters: [1] })

function open(dir: string, options = {}): MeterService {
  const service = new MeterService(dir, options)
  onTestFinished(() => service.close())
  return service
}

function start(fixture: string, ...args: string[]): ChildProcess {
  const [command, ...rest] = fixtureCommand(`../meter/fixtures/${fixture}.mjs`, { args })
  const child = spawn(command, rest, {
    env: cleanEnvironment(),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

const filesOf = (dir: string): string[] =>
  readdirSync(dir).filter((name) => name.endsWith('.meter'))

describe('a thread that has ended', () => {
  const thread = { ...deadThread(1), state: STATE.ended, finalCpu: 5e6, label: 'pool' }
  const write = (dir: string, header: TestHeader) =>
    writeMeter(dir, header, (image) => {
      store(image, image.family(jobs), ['a'], 3)
      storeOne(image, size, 8)
      storeOne(image, seconds, 1, 2, 30)
      storeOne(image, family('limit', { type: 'counter', aggregator: 'max' }), 6)
      storeOne(image, family('mean', { type: 'counter', aggregator: 'average' }), 6)
      storeOne(image, family('took', { ...took, aggregator: 'average' }), 4, 9)
      storeOne(image, family('hidden', { ...took, aggregator: 'omit' }), 4, 9)
    })
  const LEFT = {
    jobs_total: { 'kind=a': 3 },
    limit: { '': 6 },
    seconds: { '': 1 },
    took: { '': 4 },
  }

  it('leaves what it counted, and none of its gauges', () => {
    const dir = temporaryDirectory()
    write(dir, thread)
    const service = open(dir)
    service.refresh()
    expect([service.meters.length, service.ended.length]).toEqual([0, 1])
    expect(shown(service)).toEqual(LEFT)
    expect(service.fold()).toBe(0)
    expect(filesOf(dir)).toHaveLength(1)
    expect(service.lead()).toBe(true)
    expect(service.fold()).toBe(1)
    expect(filesOf(dir)).toEqual([])
    expect(service.ended).toEqual([])
    expect(shown(service)).toEqual(LEFT)
    const [histogram, summary] = service.merged().slice(-2)
    expect(valuesOf(histogram.series[0], 3)).toEqual([1, 2, 30])
    expect(valuesOf(summary.series[0], 2)).toEqual([4, 9])
    expect(service.fold()).toBe(0)
    expect(shown(service)).toEqual(LEFT)
  })

  it('is told of once before its file goes, with its last figures', () => {
    const dir = temporaryDirectory()
    write(dir, thread)
    write(dir, deadThread(2))
    const told: [string, number, number][] = []
    const onEnded = ({ header }: { header: typeof thread }) => {
      told.push([header.label, header.finalCpu, filesOf(dir).length])
    }
    const service = open(dir, { onEnded })
    service.refresh()
    expect(told).toEqual([])
    service.lead()
    service.fold()
    service.fold()
    expect(told.sort()).toEqual([
      ['', 0, 2],
      ['pool', 5e6, 2],
    ])
  })

  it('is folded whatever its observer makes of it', () => {
    const dir = temporaryDirectory()
    write(dir, thread)
    const onEnded = () => {
      throw new Error('of the observer')
    }
    const service = open(dir, { onEnded })
    service.lead()
    expect(() => service.fold()).toThrow('of the observer')
    expect(filesOf(dir)).toEqual([])
    expect(shown(service)).toEqual(LEFT)
    expect(service.fold()).toBe(0)
  })

  it('keeps its series under the same objects', () => {
    const dir = temporaryDirectory()
    const service = open(dir)
    const name = write(dir, thread)
    service.refresh()
    const before = service.merged().map(({ series }) => series[0])
    service.lead()
    service.fold()
    expect(service.merged().map(({ series }) => series[0])).toEqual(before)
    for (const [i, { series }] of service.merged().entries()) expect(series[0]).toBe(before[i])
    expect(service.retired?.folded).toEqual([name])
  })

  it('is alive for all one can tell in another PID namespace, until it says that it ended', () => {
    const dir = temporaryDirectory()
    const header = { ...deadThread(1), pidNamespace: 1 }
    const name = write(dir, header)
    const told: string[] = []
    const service = open(dir, { onProblem: (text: string) => told.push(text) })
    service.lead()
    expect(service.fold()).toBe(0)
    service.refresh()
    expect(shown(service).queue_size).toEqual({ '': 8 })
    expect([...service.problems]).toEqual([['other-namespace', 1]])
    expect(told).toEqual([expect.stringContaining(name)])
    write(dir, { ...header, state: STATE.ended, suffix: '-1' })
    rmSync(join(dir, name))
    expect(service.fold()).toBe(1)
    expect(shown(service)).toEqual(LEFT)
  })
})

describe('a file that is no meter file', () => {
  const good = (dir: string) =>
    writeMeter(dir, LIVING, (image) => store(image, image.family(jobs), ['a'], 3))

  it('is counted, named once, and keeps nobody from reading the others', () => {
    const dir = temporaryDirectory()
    const name = good(dir)
    const bytes = readFileSync(join(dir, name))
    writeFileSync(join(dir, '1-1-1-1.meter'), 'something else')
    writeFileSync(join(dir, '1-1-1-2.meter'), bytes.subarray(0, 1100))
    writeFileSync(join(dir, '1-1-1-3.meter'), bytes)
    const newer = Buffer.from(bytes)
    newer.writeUInt32LE(99, 8)
    writeFileSync(join(dir, '1-1-1-4.meter'), newer)
    mkdirSync(join(dir, '1-1-1-5.meter'))
    const told: string[] = []
    const service = open(dir, { onProblem: (text: string) => told.push(text) })
    for (let i = 0; i < 3; i++) service.refresh()
    expect(shown(service)).toEqual({ jobs_total: { 'kind=a': 3 } })
    const counted = [...service.problems.values()].reduce((sum, count) => sum + count, 0)
    expect(counted).toBe(5)
    expect(service.problems.get('misnamed')).toBe(1)
    expect(service.problems.get('newer-version')).toBe(1)
    expect(service.problems.get('not-a-file')).toBe(1)
    expect(told).toHaveLength(5)
    for (const number of [1, 2, 3, 4, 5]) {
      expect(told.filter((text) => text.includes(`1-1-1-${number}.meter`))).toHaveLength(1)
    }
    service.lead()
    expect(service.fold()).toBe(0)
    rmSync(join(dir, '1-1-1-1.meter'))
    service.refresh()
    expect(told).toHaveLength(5)
    writeFileSync(join(dir, '1-1-1-1.meter'), 'something else')
    service.refresh()
    expect(told).toHaveLength(6)
  })

  it('is looked at again when another one takes its name', () => {
    const dir = temporaryDirectory()
    const name = good(dir)
    const copy = join(temporaryDirectory(), name)
    cpSync(join(dir, name), copy)
    rmSync(join(dir, name))
    writeFileSync(join(dir, name), 'something else')
    const service = open(dir)
    service.refresh()
    expect(shown(service)).toEqual({})
    rmSync(join(dir, name))
    cpSync(copy, join(dir, name))
    service.refresh()
    expect(shown(service)).toEqual({ jobs_total: { 'kind=a': 3 } })
    expect(service.problems.size).toBe(0)
  })
})

describe('totals', () => {
  const writeDead = (dir: string, number: number) =>
    writeMeter(dir, deadThread(number), (image) => store(image, image.family(jobs), ['a'], number))

  it('that cannot be read are set aside, and new ones begun', () => {
    const dir = temporaryDirectory()
    writeDead(dir, 1)
    const first = open(dir)
    first.lead()
    first.fold()
    first.close()
    const bytes = readFileSync(join(dir, 'retired'))
    bytes.writeUInt32LE(99, 8)
    writeFileSync(join(dir, 'retired'), bytes)
    writeDead(dir, 2)
    const told: string[] = []
    const service = open(dir, { onProblem: (text: string) => told.push(text) })
    service.refresh()
    expect([...service.problems]).toEqual([['newer-version', 1]])
    expect(shown(service)).toEqual({ jobs_total: { 'kind=a': 2 } })
    expect(readdirSync(dir)).not.toContain('retired-set-aside')
    service.lead()
    expect(service.fold()).toBe(1)
    service.refresh()
    expect([...service.problems]).toEqual([['set-aside', 1]])
    expect(shown(service)).toEqual({ jobs_total: { 'kind=a': 2 } })
    expect(readFileSync(join(dir, 'retired-set-aside'))).toEqual(bytes)
    expect(told).toHaveLength(2)
  })

  it('that cannot be written leave the files of ended threads as they are', () => {
    const dir = temporaryDirectory()
    const name = writeDead(dir, 5)
    // A directory of that name can neither be unlinked nor written to.
    mkdirSync(join(dir, `.retired-${process.pid}`, 'x'), { recursive: true })
    const told: string[] = []
    const service = open(dir, { onProblem: (text: string) => told.push(text) })
    service.lead()
    for (let i = 0; i < 3; i++) {
      expect(service.fold()).toBe(0)
      service.refresh()
      expect(shown(service)).toEqual({ jobs_total: { 'kind=a': 5 } })
      expect([...service.problems]).toEqual([['not-folded', 1]])
    }
    expect(told).toHaveLength(1)
    expect(filesOf(dir)).toEqual([name])
    rmSync(join(dir, `.retired-${process.pid}`), { recursive: true })
    expect(service.fold()).toBe(1)
    service.refresh()
    expect(service.problems.size).toBe(0)
    expect(shown(service)).toEqual({ jobs_total: { 'kind=a': 5 } })
  })
})

describe('the lead', () => {
  it('is one observer alone, and free once that one is closed or killed', async () => {
    const dir = temporaryDirectory()
    const child = start('leader', dir)
    await once(child.stdout as NodeJS.ReadableStream, 'data')
    const service = open(dir)
    expect(service.lead()).toBe(false)
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
    expect(service.lead()).toBe(true)
    expect(service.lead()).toBe(true)
    const other = open(dir)
    expect(other.lead()).toBe(false)
    service.close()
    expect(other.lead()).toBe(true)
  })

  it.each(['throw', 'exit', 'terminate'])(
    'is free once its worker has ended by %s',
    async (end) => {
      const dir = temporaryDirectory()
      const child = start('leader', dir, end)
      const [line] = await once(child.stdout as NodeJS.ReadableStream, 'data')
      expect(`${line}`).toBe('gone\n')
      expect(child.exitCode).toBe(null)
      expect(open(dir).lead()).toBe(true)
    },
  )
})

describe('nobody leads', () => {
  it('in a directory of another user, nor writes anything there', () => {
    // Only root can give one away; everybody else finds root's.
    const own = temporaryDirectory()
    const isRoot = process.getuid?.() === 0
    const name = writeMeter(own, LIVING, (image) => storeOne(image, size, 4))
    if (isRoot) for (const path of [own, join(own, name)]) chownSync(path, 12345, 12345)
    const service = open(isRoot ? own : '/dev/shm')
    expect(service.lead()).toBe(false)
    expect(service.fold()).toBe(0)
    service.refresh()
    expect(shown(service)).toEqual(isRoot ? { queue_size: { '': 4 } } : {})
    expect(readdirSync(service.dir)).not.toContain('observer.lock')
  })

  it('any longer once the directory has been replaced', () => {
    const dir = temporaryDirectory()
    const service = open(dir)
    expect(service.lead()).toBe(true)
    rmSync(dir, { recursive: true })
    service.refresh()
    expect([service.leads, service.lead(), service.fold()]).toEqual([false, false, 0])
    mkdirSync(dir, { mode: 0o700 })
    const other = open(dir)
    expect(other.lead()).toBe(true)
    expect(service.lead()).toBe(false)
    other.close()
    expect(service.lead()).toBe(true)
  })
})

describe('a look while another process folds', () => {
  it('shows each value once, and 10,000 threads leave nothing but that', async () => {
    const dir = temporaryDirectory()
    const threads = 10_000
    const child = start('folding', dir, `${threads}`)
    const exited = once(child, 'exit')
    const service = open(dir)
    const progress = () => {
      const bytes = readFileSync(join(dir, 'progress'))
      return bytes.length < 16 ? [0, 0] : [bytes.readDoubleLE(0), bytes.readDoubleLE(8)]
    }
    const wrong: unknown[] = []
    let [looks, during] = [0, 0]
    while (child.exitCode === null && child.signalCode === null) {
      const done = readdirSync(dir).includes('progress') ? progress()[1] : 0
      service.refresh()
      const begun = readdirSync(dir).includes('progress') ? progress()[0] : 0
      const total = shown(service).jobs_total?.[''] ?? 0
      looks++
      if (begun > 0 && begun < threads) during++
      if (total < done || total > begun) wrong.push({ done, total, begun })
      if (looks % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await exited).toEqual([0, null])
    expect(wrong).toEqual([])
    expect(during).toBeGreaterThan(50)
    service.refresh()
    expect(shown(service)).toEqual({ jobs_total: { '': threads } })
    expect(readdirSync(dir).sort()).toEqual(['observer.lock', 'progress', 'retired'])
    // One series, and the names of the threads that were folded last.
    expect(statSync(join(dir, 'retired')).size).toBeLessThan(4096)
  })
})
