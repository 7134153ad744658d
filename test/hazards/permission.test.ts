import { describe, expect, test } from 'vitest'
import type { Host } from './host.js'
import { resultOf, runFixture } from './run.js'

const flags = process.allowedNodeEnvironmentFlags
const permission = flags.has('--permission') ? '--permission' : '--experimental-permission'
const quiet = ['--disable-warning=ExperimentalWarning', '--disable-warning=SecurityWarning'].filter(
  () => flags.has('--disable-warning'),
)
const hasFallback = 'threadCpuUsage' in process

function expectNoAddon(host: Host) {
  expect(host.capabilities.addon).toEqual({ available: false, reason: expect.any(String) })
  for (const call of ['time', 'resources', 'gettid', 'rename', 'threads', 'sample', 'parts']) {
    expect(host[call as 'threads'], call).toMatchObject({
      code: 'ERR_THREADMETER_ADDON_UNAVAILABLE',
      cause: 'ERR_DLOPEN_DISABLED',
    })
  }
  expect(host.capabilities.threadCpuUsage.available).toBe(hasFallback)
  if (hasFallback) expect(host.usage.value).toBeGreaterThan(10_000)
  else expect(host.usage.code).toBe('ERR_THREADMETER_ADDON_UNAVAILABLE')
}

describe('a Node that loads no addons', () => {
  test('--no-addons', async () => {
    expectNoAddon(await resultOf<Host>('host', { node: ['--no-addons'] }))
  })

  test(`${permission}`, async () => {
    const node = [permission, '--allow-fs-read=*', '--allow-worker', ...quiet]
    const { code, signal, result } = await runFixture<Host>('host', { node })
    expect({ code, signal }).toEqual({ code: 0, signal: null })
    expectNoAddon(result)
  })
})

test.runIf(flags.has('--allow-addons'))(`${permission} --allow-addons`, async () => {
  const node = [permission, '--allow-fs-read=*', '--allow-worker', '--allow-addons', ...quiet]
  const { code, result } = await runFixture<Host>('host', { node, args: ['with-worker'] })
  expect(code).toBe(0)
  expect(result.capabilities.allThreads.available).toBe(true)
  expect(result.threads.value?.filter(({ role }) => role === 'worker')).toHaveLength(1)
})
