import { expect, it, onTestFinished } from 'vitest'
import type { CpuProfile, StackReport } from '../../dist/diagnostics/model.js'
import { contentOf, EngineApp } from './engine-app.js'
import { DebuggerClient } from './engine-debugger.js'

const INSPECT = ['--inspect=127.0.0.1:0']

const functionsOf = (report: StackReport) => report.frames.map(({ functionName }) => functionName)

async function debugged(): Promise<{ app: EngineApp; client: DebuggerClient }> {
  const workers = [{ name: 'one', state: 'fibonacci' }]
  const app = await EngineApp.start({ main: 'fibonacci', workers }, INSPECT)
  const client = await DebuggerClient.connect(app.errors)
  onTestFinished(() => client.close())
  return { app, client }
}

it('captures beside a debugger, also one that profiles', async () => {
  const { app, client } = await debugged()
  const started = client.hear('"id":2')
  client.send('Profiler.enable')
  client.send('Profiler.start')
  await started
  const profiles = await app.capture({ kind: 'cpu-profile', thread: 'all', seconds: 0.5 })
  for (const outcome of profiles.outcomes) {
    const { nodes, threadmeter } = contentOf<CpuProfile>(outcome)
    const names = nodes.map(({ callFrame }) => callFrame.functionName)
    expect([outcome.thread.name, ...names]).toContain('fibonacci')
    expect(threadmeter.partial).toBeNull()
  }
  const stopped = client.hear('"functionName":"fibonacci"')
  client.send('Profiler.stop')
  await stopped
})

it('captures while the debugger has paused the main thread', async () => {
  const { app, client } = await debugged()
  const paused = client.hear('Debugger.paused')
  client.send('Debugger.enable')
  client.send('Debugger.pause')
  await paused
  expect(functionsOf(await app.one({ kind: 'stack', thread: 'main' }))).toContain('fibonacci')
  expect(functionsOf(await app.one({ kind: 'stack', thread: 'one' }))).toContain('fibonacci')
  const profile = await app.one<CpuProfile>({ kind: 'cpu-profile', thread: 'main', seconds: 0.3 })
  expect(profile.threadmeter.partial).toBeNull()
  const resumed = client.hear('Debugger.resumed')
  client.send('Debugger.resume')
  await resumed
  expect(functionsOf(await app.one({ kind: 'stack', thread: 'main' }))).toContain('fibonacci')
  await expect.poll(() => app.held()).toBe(0)
})
