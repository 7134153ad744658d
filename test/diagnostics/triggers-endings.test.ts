import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { emptyDirectory, hottest, readJson, runApp, saidBy, startFixture } from './triggers-app.js'

const APP = fileURLToPath(new URL('fixtures/triggers-app.mjs', import.meta.url))

const STOP = fileURLToPath(new URL('fixtures/triggers-stop.mjs', import.meta.url))

const started = (plan: object, env?: NodeJS.ProcessEnv) =>
  startFixture(APP, [JSON.stringify(plan)], env)

const untilThere = async (directory: string, ending: string): Promise<void> => {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(10)) {
    if (readdirSync(directory).some((name) => name.endsWith(ending))) return
  }
  throw new Error(`no ${ending}`)
}

it.concurrent('keeps the stack of a process that is killed while it hangs, and nothing half', async () => {
  const directory = emptyDirectory()
  const child = started({
    triggers: [[{ blockedFor: 0.5 }, { directory, profileSeconds: 5 }]],
    ...{ act: 'spin', ms: 10_000 },
  })
  await untilThere(directory, '.stack.json')
  await sleep(300)
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('close', resolve))
  const files = readdirSync(directory).filter((name) => !name.startsWith('.'))
  expect(files).toHaveLength(1)
  expect(readJson(join(directory, files[0] as string))).toMatchObject({ state: 'javascript' })
})

it.concurrent('writes the profile of a process that exits in the middle of it', async () => {
  const directory = emptyDirectory()
  const child = started({
    triggers: [[{ blockedFor: 0.5 }, { directory, profileSeconds: 20 }]],
    ...{ act: 'spin', ms: 2500, captures: 0 },
  })
  await saidBy(child)
  const profile = readdirSync(directory).find((name) => name.endsWith('.cpuprofile')) as string
  expect(readJson(join(directory, profile)).threadmeter).toMatchObject({ kind: 'cpu-profile' })
  expect(readJson(join(directory, profile)).threadmeter.partial).not.toBeNull()
  expect(hottest(join(directory, profile))).toBe('guiltySpin')
})

it.concurrent('keeps what it has of a worker that ends in the middle', async () => {
  const directory = emptyDirectory()
  const { captures } = await runApp({
    triggers: [
      [
        { blockedFor: 0.5, thread: 'guilty' },
        { directory, profileSeconds: 20 },
      ],
    ],
    ...{ act: 'spinAndExit', where: 'guilty', ms: 2000 },
  })
  expect(captures[0]?.thread.name).toBe('guilty')
  expect(captures[0]?.failures).toEqual([])
  const profile = readJson(captures[0]?.files[1] as string)
  expect(profile.threadmeter.partial).toBe('thread ended')
})

it.concurrent('is set by THREADMETER_WHEN, which warns of what cannot be used', async () => {
  const directory = emptyDirectory()
  const child = started(
    { act: 'spin', ms: 2000, captures: 0 },
    { THREADMETER_WHEN: `blockedFor=0.5,profileSeconds=0,directory=${directory};blocked=1` },
  )
  await expect(saidBy(child)).rejects.toThrow(
    /ThreadmeterWarning: THREADMETER_WHEN \(blocked=1\): .*'blocked'/,
  )
  expect(readdirSync(directory)).toEqual([expect.stringMatching(/\.stack\.json$/)])
})

it.concurrent('shares one directory and its bounds between the processes of a service', async () => {
  const directory = emptyDirectory()
  const plan = {
    triggers: [[{ blockedFor: 0.3 }, { directory, profileSeconds: 0, every: 1, files: 2 }]],
    // As many as there is time for: one that is under way when they are told of would be missing.
    ...{ act: 'spin', ms: 2700, captures: 3 },
  }
  const told = await Promise.all([plan, plan].map((one) => runApp(one as never)))
  const taken = told.flatMap(({ captures }) => captures.flatMap(({ files }) => files))
  expect(taken.length).toBeGreaterThanOrEqual(4)
  const kept = readdirSync(directory)
    .sort()
    .map((name) => join(directory, name))
  expect(kept).toEqual(taken.sort((a, b) => (a < b ? -1 : 1)).slice(-2))
})

it.concurrent('watches no more once it is stopped, however often that is asked', async () => {
  expect(JSON.parse(await saidBy(startFixture(STOP, [emptyDirectory()])))).toEqual({
    beyond: 'ERR_THREADMETER_BUSY',
    failures: [],
    captures: 0,
    files: [],
  })
})
