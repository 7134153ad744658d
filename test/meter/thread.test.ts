import { execFile } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as workerThreads from 'node:worker_threads'
import { expect, it } from 'vitest'
import { KIND, STATE } from '../../dist/meter/layout.js'
import type { MeterHeader } from '../../dist/meter/reader.js'
import { labelOf } from '../../dist/meter/thread-name.js'
import { cleanEnvironment } from '../fixtures/run.js'
import { temporaryDirectory } from './temporary-directory.js'

const FIXTURE = fileURLToPath(new URL('fixtures/attached.mjs', import.meta.url))
const UNAVAILABLE = { available: false, reason: expect.stringContaining('ENOSPC') }

/** Runs a scenario in a process of its own and returns what it found. */
// biome-ignore lint/suspicious/noExplicitAny: each scenario finds something else
async function found(scenario: string): Promise<any> {
  const directory = temporaryDirectory()
  const env = { ...cleanEnvironment(), THREADMETER_DIR: directory }
  const { stdout } = await promisify(execFile)(process.execPath, [FIXTURE, scenario], { env })
  return { directory, ...JSON.parse(stdout) }
}

it('stays in memory where the service has no directory', async () => {
  expect(await found('no directory')).toMatchObject({
    attached: { available: false, reason: expect.stringContaining('THREADMETER_DIR') },
    count: { 3: 3 },
  })
})

it('tells who the thread is', async () => {
  const { directory, before, attached, capability, header, tid } = await found('identity')
  const name = `${header.pid}-${header.processStart}-${tid}-${header.threadStart}.meter`
  expect(attached).toEqual({ available: true, source: join(directory, name) })
  expect(capability).toEqual(attached)
  expect(header).toMatchObject({
    kind: KIND.main,
    state: STATE.live,
    pid: tid,
    tid,
    threadId: 0,
    processSlot: 0,
    label: 'main',
    name: 'main',
    nodeVersion: process.version,
    program: 'attached.mjs',
    unstored: 0,
    error: 0,
  })
  const { start, pidNamespace } = ownFacts()
  // Ticks are of 10 ms; it started after this process, and before it looked at the clock.
  expect(header.processStart).toBeGreaterThan(start)
  expect(header.threadStart).toBe(header.processStart)
  expect(header.pidNamespace).toBe(pidNamespace)
  expect(header.createdAt).toBeGreaterThanOrEqual(before)
  expect(header.createdAt).toBeLessThan(Date.now())
})

function ownFacts(): { start: number; pidNamespace: number } {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const link = readlinkSync('/proc/self/ns/pid')
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { start: Number(afterName[19]), pidNamespace: Number(/\d+/.exec(link)?.[0]) }
}

it('moves what was counted before, once', async () => {
  const { counts, after, expected, again, files, moves } = await found('series of before')
  expect(counts).toEqual({ 1: 1, 2: 2, 3: 3 })
  expect(after).toEqual({ 1: 1, 2: 4, 3: 3, 4: 4 })
  expect(after).toEqual(expected)
  expect([again.available, files.length, moves]).toEqual([true, 1, 1])
})

it('leaves nothing behind where there is no room for a file, and tries again later', async () => {
  const { attached, capability, left, early, now, counts } = await found('no room at first')
  expect([attached, capability]).toEqual([UNAVAILABLE, UNAVAILABLE])
  expect([left, early]).toEqual([[], []])
  expect(now.available).toBe(true)
  expect(counts).toEqual({ 5: 10 })
})

it('leaves nothing behind where the file cannot get its name', async () => {
  const { attached, left, open, again, counts, expected } = await found('no name')
  expect(attached).toEqual({ available: false, reason: expect.stringMatching(/EISDIR|EEXIST/) })
  expect([left, open]).toEqual([[], 0])
  expect(again.available).toBe(true)
  expect(counts).toEqual({ 5: 10 })
  expect(counts).toEqual(expected)
})

it('goes on in a smaller file when most of it is garbage', async () => {
  const outcome = await found('garbage')
  expect(outcome).toMatchObject({ early: true, replaced: true, open: 0, moves: 2 })
  expect(outcome.names[0]).toBe(outcome.names[1])
  expect(outcome.names.length).toBe(2)
  expect(outcome.shrunk).toBeLessThan(outcome.grown / 5)
  expect(Object.keys(outcome.counts).length).toBe(10)
  expect(outcome.counts[10]).toBe(20)
  expect(outcome.counts).toEqual(outcome.expected)
})

it('brings into a new file what had found no room', async () => {
  const { unstored, stored, counts, expected, files } = await found('no room later')
  expect(stored).toBeGreaterThan(100)
  expect(unstored).toEqual([3000 - stored, 3000 - stored, 3000 - stored, 0])
  expect(Object.keys(counts).length).toBe(3000)
  expect(counts).toEqual(expected)
  expect(files).toBe(1)
})

it('makes the directory anew that somebody has removed', async () => {
  const { capability, now, counts, files } = await found('directory removed')
  expect(capability).toEqual({
    available: false,
    reason: expect.stringMatching(/\.meter has been removed$/),
  })
  expect(now).toEqual({ available: true, source: expect.stringContaining(files[0]) })
  expect(counts).toEqual({ 5: 10 })
  expect(files.length).toBe(1)
})

it('keeps the number of its process in a directory made anew', async () => {
  const { before, after } = await found('directory removed under several processes')
  expect({ before, after }).toEqual({ before: 1, after: 1 })
})

it('tells when the event loop turned, and for how long it had been idle', async () => {
  const { directory, ...stamps } = await found('loop')
  const [first, second, third] = Object.values(stamps) as Record<string, number>[]
  for (const { before, after, loopStamp, loopInterval } of [first, second, third]) {
    expect(loopStamp).toBeGreaterThanOrEqual(before)
    expect(loopStamp).toBeLessThanOrEqual(after)
    expect(loopInterval).toBe(250)
  }
  const idle = third.loopIdle - first.loopIdle
  expect(idle).toBeGreaterThan(50)
  expect(idle).toBeLessThan(third.loopStamp - first.loopStamp)
})

it('gives each copy of the library a file of its own', async () => {
  const { own, copy, files } = await found('two copies')
  expect(copy).toEqual({ available: true, source: own.source.replace('.meter', '-1.meter') })
  expect(files.length).toBe(2)
})

it('names workers as they were named, where Node tells', async () => {
  const { directory, ...found_ } = await found('workers')
  const headers = (Object.values(found_) as MeterHeader[]).sort((a, b) => a.threadId - b.threadId)
  const isTold = 'threadName' in workerThreads
  const names = isTold
    ? ['pool-1', 'é'.repeat(64), 'worker-3']
    : ['worker-1', 'worker-2', 'worker-3']
  expect(headers.map(({ name }) => name)).toEqual(names)
  expect(headers.map(({ label }) => label)).toEqual(names)
  for (const header of headers) {
    expect(header).toMatchObject({ kind: KIND.worker, state: STATE.ended, processSlot: 0 })
    expect(header.threadStart).toBeGreaterThanOrEqual(header.processStart)
    expect(header.finalCpu).toBeGreaterThan(0)
  }
})

it.each([
  ['worker-7', 7, 'worker-7'],
  ['pool-7', 100, 'pool-7'],
  ['pool-101', 101, 'pool'],
  ['resize 12', 500, 'resize'],
  ['resize', 500, 'resize'],
  ['worker-101', 101, 'worker'],
  ['101', 101, 'worker'],
])('labels %s with threadId %i as %s', (name, threadId, label) => {
  expect(labelOf(name, threadId)).toBe(label)
})

it('is not loaded by those who only measure CPU', () => {
  const root = fileURLToPath(new URL('../../dist/index.js', import.meta.url))
  const loaded = new Set<string>()
  const load = (path: string): void => {
    if (loaded.has(path)) return
    loaded.add(path)
    for (const [, other] of readFileSync(path, 'utf8').matchAll(/from '(\.[^']+)'/g)) {
      load(join(dirname(path), other as string))
    }
  }
  load(root)
  const meter = [...loaded].filter((path) => path.includes('/meter/'))
  expect(meter).toEqual([join(dirname(root), 'meter/status.js')])
})
