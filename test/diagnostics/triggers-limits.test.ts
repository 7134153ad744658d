import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { type Captured, emptyDirectory, hottest, readJson, runApp } from './triggers-app.js'

it.concurrent('captures again after `every`, and not before', async () => {
  const { captures } = await runApp({
    triggers: [
      [{ blockedFor: 0.5 }, { directory: emptyDirectory(), profileSeconds: 0, every: 1.5 }],
    ],
    ...{ act: 'spin', ms: 4500, captures: 3 },
  })
  expect(captures.map(({ number }) => number)).toEqual([1, 2, 3])
  const distances = captures.slice(1).map(({ at }, i) => at - (captures[i] as { at: number }).at)
  for (const distance of distances) expect(distance).toBeGreaterThanOrEqual(1500)
})

it.concurrent('counts `every` for each thread, and takes no more than four workers in it', async () => {
  const where = ['a', 'b', 'c', 'd', 'e', 'f']
  const { captures } = await runApp({
    triggers: [[{ blockedFor: 0.5 }, { directory: emptyDirectory(), profileSeconds: 0, every: 3 }]],
    ...{ act: 'native', where, ms: 6000, captures: 8 },
  })
  const first = Math.min(...captures.map(({ at }) => at))
  // The clock that tells the time is not that which measures it.
  const late = captures.filter(({ at }) => at - first >= 2990)
  expect(captures.length - late.length).toBe(4)
  // Those who had to wait come before those who had not.
  expect(new Set(captures.map(({ thread }) => thread.name))).toEqual(new Set(where))
})

it.concurrent('takes main, however many workers are in trouble', async () => {
  const { captures } = await runApp({
    triggers: [[{ blockedFor: 1 }, { directory: emptyDirectory(), profileSeconds: 0 }]],
    ...{ act: 'mainLast', where: ['a', 'b', 'c', 'd', 'e'], ms: 5000, captures: 5 },
  })
  const names = captures.map(({ thread }) => thread.name)
  expect(names).toHaveLength(5)
  expect(names[4]).toBe('main')
})

it.concurrent('watches every thread of a name, and no other', async () => {
  const { captures } = await runApp({
    triggers: [
      [
        { blockedFor: 0.5, thread: 'pool' },
        { directory: emptyDirectory(), profileSeconds: 0, every: 1 },
      ],
      [{ blockedFor: 0.5, thread: 'main' }, { directory: emptyDirectory() }],
      [{ blockedFor: 0.5, thread: 99 }, { directory: emptyDirectory() }],
    ],
    ...{ act: 'spin', where: ['pool', 'pool', 'other'], ms: 3000, captures: 2 },
  })
  expect(captures.map(({ thread }) => thread.name)).toEqual(['pool', 'pool'])
  expect(new Set(captures.map(({ thread }) => thread.threadId)).size).toBe(2)
})

it.concurrent('takes a pool that rests once, and at any time what hangs', async () => {
  const { captures } = await runApp({
    triggers: [[{ blockedFor: 0.4 }, { directory: emptyDirectory(), profileSeconds: 1 }]],
    ...{ act: 'spin', where: 'both', ms: 4000, captures: 2 },
  })
  expect(captures.map(({ thread }) => thread.name)).toEqual(['pool', 'main'])
  const [rest, stall] = captures as [Captured, Captured]
  // Of a thread that waits, a profile would tell nothing.
  expect(rest.files).toHaveLength(1)
  expect(stall.files).toHaveLength(2)
  expect(hottest(stall.files[1] as string)).toBe('guiltySpin')
})

it.concurrent('tells what a worker does that has rested, within the same turn of its loop', async () => {
  const { captures } = await runApp({
    triggers: [[{ blockedFor: 0.5 }, { directory: emptyDirectory(), profileSeconds: 0.5 }]],
    ...{ act: 'restAndSpin', where: 'pool', ms: 5000, captures: 2 },
  })
  const innermost = captures.map(({ files }) => readJson(files[0] as string).frames[0].functionName)
  expect(innermost).toEqual(['wait', 'guiltySpin'])
})

it.concurrent('takes a main thread in Atomics.wait() each time: it does not rest', async () => {
  const { captures } = await runApp({
    triggers: [[{ blockedFor: 0.5 }, { directory: emptyDirectory(), profileSeconds: 0, every: 1 }]],
    ...{ act: 'wait', ms: 2800, captures: 2 },
  })
  expect(captures.length).toBeGreaterThanOrEqual(2)
  expect(new Set(captures.map(({ thread }) => thread.threadId))).toEqual(new Set([0]))
})

it.concurrent('writes files for this user alone', async () => {
  const directory = `${emptyDirectory()}/made/when/missing`
  const { captures } = await runApp({
    triggers: [[{ blockedFor: 0.3 }, { directory, profileSeconds: 0.2, heapSnapshot: true }]],
    ...{ act: 'turnsOfSpin', ms: 2000 },
  })
  expect(captures[0]?.failures).toEqual([])
  expect(captures[0]?.files.map((path) => path.replace(/.*?\.(?=[a-z.]+$)/, ''))).toEqual([
    'stack.json',
    'cpuprofile',
    'heapsnapshot',
  ])
  for (const path of captures[0]?.files ?? []) expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  // Nothing is left of what was being written.
  expect(readdirSync(directory)).toHaveLength(3)
})

it.concurrent('counts what fails, and goes on', async () => {
  const parent = emptyDirectory()
  const directory = `${parent}/captures`
  const { captures } = await runApp({
    triggers: [[{ blockedFor: 0.5 }, { directory, profileSeconds: 0, every: 1 }]],
    ...{ act: 'spin', ms: 4500, captures: 3, spoil: directory },
  } as never)
  expect(captures[0]?.failures.length).toBe(1)
  expect(captures[0]?.failures[0]).toContain('stack: ')
  expect(captures[0]?.files).toEqual([])
  expect(captures.length).toBeGreaterThan(1)
  rmSync(parent, { recursive: true, force: true })
})

it.concurrent('refuses a directory that cannot be one', async () => {
  const file = `${emptyDirectory()}/file`
  writeFileSync(file, '')
  const plan = {
    triggers: [[{ blockedFor: 1 }, { directory: file }]] as [object, object][],
    ...{ act: 'nothing', ms: 10, patience: 10 },
  }
  await expect(runApp(plan)).rejects.toThrow('ERR_THREADMETER_CAPTURE_FAILED')
})
