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
