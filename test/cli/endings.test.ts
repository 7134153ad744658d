import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { CpuProfile } from '../../dist/diagnostics/model.js'
import { Running, run } from './running.js'
import { stuckService } from './stuck-service.js'
import { temporaryFolder } from './temporary-folder.js'

// How captures end before their time, and what is left of them.

const profileIn = (path: string): CpuProfile => JSON.parse(readFileSync(path, 'utf8'))

it('keeps what there is when Ctrl-C ends it', async () => {
  const { pid } = await stuckService({ main: 'fibonacci' })
  const path = join(temporaryFolder(), 'early.cpuprofile')
  const profiling = new Running(['profile', String(pid), '-s', '60', '-o', path])
  await profiling.untilError(/profiling main/)
  await new Promise((resolve) => setTimeout(resolve, 700))
  // As timeout(1) does, which does not mean to end it twice.
  profiling.child.kill('SIGINT')
  profiling.child.kill('SIGINT')
  const { code, errors } = await profiling.end()
  expect(code).toBe(0)
  expect(errors).toContain('threadmeter: ending early; Ctrl-C again leaves at once\n')
  expect(errors).toMatch(/^main .* ended early$/m)
  const { threadmeter, samples } = profileIn(path)
  expect(threadmeter.partial).toBe('aborted')
  expect(threadmeter.window.seconds).toBeLessThan(30)
  expect(samples.length).toBeGreaterThan(50)
})

it('goes on when nobody reads its messages any more', async () => {
  const { pid } = await stuckService({ main: 'idle' })
  const path = join(temporaryFolder(), 'profile')
  const unheard = new Running(['profile', String(pid), '-s', '0.3', '-o', path])
  unheard.child.stderr?.destroy()
  expect((await unheard.end()).code).toBe(0)
  expect(profileIn(path).threadmeter.partial).toBe(null)
})

it('leaves at once at the second Ctrl-C, and no file behind', async () => {
  const cwd = temporaryFolder()
  const stopped = await stuckService({ main: 'idle' })
  const profiling = new Running(['profile', String(stopped.pid), '-s', '60'], { cwd })
  await profiling.untilError(/profiling main/)
  // It cannot hand out what there is.
  stopped.child.kill('SIGSTOP')
  profiling.child.kill('SIGINT')
  await profiling.untilError(/ending early/)
  await new Promise((resolve) => setTimeout(resolve, 200))
  profiling.child.kill('SIGINT')
  expect((await profiling.end()).code).toBe(130)
  expect(readdirSync(cwd)).toEqual([])
})

it('tells when the process or the thread ends in the middle', async () => {
  const cwd = temporaryFolder()
  const [killed, leaving] = await Promise.all([
    stuckService({ main: 'fibonacci' }),
    stuckService({ main: 'idle', leaver: 'ends' }),
  ])
  const left = new Running(['profile', String(leaving.pid), 'leaver', '-s', '60'], { cwd })
  const profiling = new Running(['profile', String(killed.pid), '-s', '60', '-o', `${cwd}/x`])
  await Promise.all([profiling.untilError(/profiling main/), left.untilError(/profiling leaver/)])
  await new Promise((resolve) => setTimeout(resolve, 200))
  killed.child.kill('SIGKILL')
  leaving.child.kill('SIGUSR2')
  const [process, thread] = await Promise.all([profiling.end(), left.end()])
  expect(process.code).toBe(1)
  expect(process.errors).toContain(`process ${killed.pid} ended before it could answer`)
  expect(thread.errors).toContain('the thread ended in the middle')
  expect(thread.code).toBe(4)
  const [name, ...rest] = readdirSync(cwd) as [string]
  expect(rest).toEqual([])
  expect(profileIn(join(cwd, name)).threadmeter.partial).toBe('thread ended')
})

it('refuses a thread in a native call, or waits for its return', async () => {
  const cwd = temporaryFolder()
  const napping = await stuckService({ main: 'idle', shell: 'sleep', nap: 'nap' })
  const waiting = run(['profile', String(napping.pid), 'nap', '-s', '0.5', '--wait', '20'], { cwd })
  const empty = temporaryFolder()
  const refused = await run(['profile', String(napping.pid), 'shell'], { cwd: empty })
  expect(refused.code).toBe(3)
  expect(refused.errors).toMatch(/shell .*is in a native call, .*poll\w*\(2\).*; --wait S waits/)
  expect(readdirSync(empty)).toEqual([])
  // It is not there yet: nothing has been captured that could be kept.
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    const stopped = new Running(['profile', String(napping.pid), 'shell', '--wait', '60'], {
      cwd: empty,
    })
    await stopped.untilError(/waiting for shell/)
    stopped.child.kill(signal)
    expect((await stopped.end()).code).toBe(exitCode)
  }
  const { code, errors } = await waiting
  expect(code).toBe(0)
  expect(errors).toMatch(/^threadmeter: waiting for nap: .*poll/m)
  expect(readdirSync(cwd)).toHaveLength(1)
})

it('gives up in time', async () => {
  const { pid } = await stuckService({ main: 'idle', shell: 'sleep' })
  const wait = ['--wait', '30', '--timeout', '1.5']
  const { code, errors } = await run(['profile', String(pid), 'shell', ...wait])
  expect(code).toBe(1)
  expect(errors).toMatch(/threadmeter: not done within 1\.5 s\n$/)
})
