import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { lutimesSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { MeterService } from '../../dist/meter/service.js'
import { unshare } from './run.js'

// Containers that share a volume do not see each other's pids.

const FIXTURE = new URL('fixtures/counts-apart.mjs', import.meta.url).pathname
const LONG_AGO = 0

function temporaryDirectory(): string {
  const path = mkdtempSync('/dev/shm/threadmeter-apart-')
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A process in a PID namespace of its own that has counted to 7. */
async function countApart(directory: string): Promise<ChildProcess> {
  const [command, ...args] = [
    ...unshare('--pid', '--fork', '--mount-proc'),
    process.execPath,
    FIXTURE,
  ]
  const { NODE_OPTIONS: _, ...env } = process.env
  const child = spawn(command as string, args, {
    env: { ...env, THREADMETER_DIR: directory },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  return child
}

const namesOf = (directory: string, pattern: RegExp): string[] =>
  readdirSync(directory).filter((name) => pattern.test(name))

function countOf(service: MeterService): number | undefined {
  const jobs = service.merged().find(({ description }) => description.name === 'jobs_total')
  const [series] = jobs?.series ?? []
  return series?.values[series.index]
}

test('a thread in another PID namespace is alive, and is folded once it was killed', async () => {
  const directory = temporaryDirectory()
  const child = await countApart(directory)
  const service = new MeterService(directory)
  onTestFinished(() => service.close())
  service.lead()
  expect(service.fold()).toBe(0)
  expect(service.meters).toHaveLength(1)
  expect(countOf(service)).toBe(7)
  expect([...service.problems]).toEqual([])

  child.kill('SIGKILL')
  await vi.waitFor(() => expect(service.fold()).toBe(1), { timeout: 5000 })
  expect(countOf(service)).toBe(7)
  expect(namesOf(directory, /\.meter$/)).toEqual([])
})

test('its number is kept while it lives and free afterwards', async () => {
  const directory = temporaryDirectory()
  const first = await countApart(directory)
  lutimesSync(join(directory, 'slot-0'), LONG_AGO, LONG_AGO)
  const second = await countApart(directory)
  expect(namesOf(directory, /^slot-/)).toEqual(['slot-0', 'slot-1'])
  lutimesSync(join(directory, 'slot-1'), LONG_AGO, LONG_AGO)

  first.kill('SIGKILL')
  await vi.waitFor(
    () => {
      const service = new MeterService(directory)
      service.refresh()
      const { length } = service.ended
      service.close()
      expect(length).toBe(1)
    },
    { timeout: 5000 },
  )
  await countApart(directory)
  expect(namesOf(directory, /^slot-/)).toEqual(['slot-0', 'slot-1'])
  second.kill('SIGKILL')
})

test('what a killed service left on a volume is cleaned at the next start', async () => {
  const directory = temporaryDirectory()
  const first = await countApart(directory)
  lutimesSync(join(directory, 'slot-0'), LONG_AGO, LONG_AGO)
  const [left] = namesOf(directory, /\.meter$/)
  first.kill('SIGKILL')
  await once(first, 'exit')
  await vi.waitFor(
    async () => {
      const next = await countApart(directory)
      lutimesSync(join(directory, 'slot-0'), LONG_AGO, LONG_AGO)
      expect(namesOf(directory, /\.meter$/)).not.toContain(left)
      next.kill('SIGKILL')
    },
    { timeout: 5000 },
  )
})
