import { rmSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { ProgressEvent } from '../../dist/diagnostics/model.js'
import { EngineApp } from './engine-app.js'

it('writes the snapshots of all threads one after another', async () => {
  const app = await EngineApp.start({ workers: [{ name: 'one' }, { name: 'two', state: 'spin' }] })
  const heard: [ProgressEvent['event'], string, number][] = []
  const { outcomes } = await app.capture(
    { kind: 'heap-snapshot', thread: 'all', force: true },
    { heard: ({ event, thread }) => heard.push([event, thread.name, performance.now()]) },
  )
  for (const { json } of outcomes) if (json !== undefined) rmSync(json, { force: true })
  expect(outcomes.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
  const order = heard.filter(([event]) => event === 'started').map(([, name]) => name)
  expect([...order].sort()).toEqual(['main', 'one', 'two'])
  // None begins before the outcome of the one before is there.
  expect(outcomes.map(({ thread }) => thread.name)).toEqual(order)
  expect(heard.filter(([event]) => event === 'queued').length).toBe(2)
})

it('is named where it keeps a thread from answering', async () => {
  const app = await EngineApp.start({})
  // As long as a large heap takes.
  app.say(
    `globalThis.builtin = process.getBuiltinModule
    process.getBuiltinModule = (name) => {
      if (name === 'v8') builtin('child_process').execSync('sleep 3')
      return builtin(name)
    }`.replaceAll('\n', ';'),
  )
  await app.threads()
  let refused: Promise<unknown> | undefined
  const heard = ({ event }: ProgressEvent) => {
    if (event === 'started') refused = app.capture({ kind: 'heap-profile', thread: 'main' })
  }
  const { outcomes } = await app.capture(
    { kind: 'heap-snapshot', force: true, thread: 'main' },
    { heard },
  )
  rmSync(outcomes[0].json as string, { force: true })
  expect(await refused).toMatchObject({
    outcomes: [
      {
        error: {
          code: 'ERR_THREADMETER_THREAD_BLOCKED',
          message: expect.stringContaining('it is writing a heap snapshot'),
        },
      },
    ],
  })
})

it('says why it cannot be written, and goes on, where there is no room for the file', async () => {
  const app = await EngineApp.start({ workers: [{ name: 'one' }] }, [], 'ulimit -f 1000')
  for (const thread of ['main', 'one']) {
    const { outcomes } = await app.capture({ kind: 'heap-snapshot', thread })
    expect(outcomes).toMatchObject([
      {
        error: {
          code: 'ERR_THREADMETER_CAPTURE_FAILED',
          message: expect.stringContaining('EFBIG: file too large'),
        },
      },
    ])
  }
  expect((await app.capture({ kind: 'stack', thread: 'one' })).outcomes).toHaveLength(1)
})
