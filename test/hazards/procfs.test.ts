import { describe, expect, test } from 'vitest'
import type { Host } from './host.js'
import { resultOf, unshare } from './run.js'

// All of these need root or user namespaces, and mount what only they see.

function expectRegisteredOnly({ threads, costly, sample, parts, ...host }: Host, reason: string) {
  const names = threads.value?.map(({ role, threadId }) => [role, threadId])
  expect(names).toEqual([
    ['main', 0],
    ['worker', 1],
  ])
  expect(threads.value?.every(({ cpuTime }) => cpuTime > 0)).toBe(true)
  expect(threads.value?.map(({ runDelay }) => runDelay)).toEqual([null, null])
  expect(threads.value?.every(({ eventLoopUtilization }) => eventLoopUtilization)).toBe(true)
  expect(costly.value).toEqual([null, null])
  expect(sample.value?.map(({ cpu }) => cpu > 0)).toEqual([true, false])
  expect(parts.code).toBe('ERR_THREADMETER_PROCFS_UNAVAILABLE')
  expect(host.capabilities.allThreads).toEqual({
    available: false,
    reason: expect.stringContaining(reason),
  })
  expect(host.capabilities.runDelay.available).toBe(false)
  expect(host.capabilities.ownThread.available).toBe(true)
  expect(host.capabilities.registeredThreads.available).toBe(true)
  expectOwnThread(host)
}

function expectOwnThread({
  usage,
  time,
  resources,
  gettid,
}: Pick<Host, 'usage' | 'time' | 'resources' | 'gettid'>) {
  for (const micros of [usage.value as number, (time.value as number) / 1000]) {
    // A burn of 20 ms by the process's clock, which helper threads share and which lags by a tick.
    expect(micros).toBeGreaterThan(10_000)
    expect(micros).toBeLessThan(40_000)
  }
  expect(resources.value).toBeGreaterThan(0)
  expect(gettid.value).toBe(true)
}

const hostThrough = (through: string[]) =>
  resultOf<Host>('host', { through, args: ['with-worker'] })

/** A shell that mounts something over /proc and becomes the command behind it. */
const mounted = (command: string) => ['sh', '-c', `${command} && exec "$0" "$@"`]

describe('/proc', () => {
  test('covered by an empty file system', async () => {
    const host = await hostThrough([...unshare('--mount'), ...mounted('mount -t tmpfs none /proc')])
    expectRegisteredOnly(host, 'No such file')
  })

  test('of another PID namespace', async () => {
    const host = await hostThrough(unshare('--pid', '--fork'))
    expectRegisteredOnly(host, 'PID namespace')
  })

  test('of its own PID namespace', async () => {
    const host = await hostThrough(unshare('--pid', '--fork', '--mount-proc'))
    expect(host.capabilities.allThreads.available).toBe(true)
    expect(host.threads.value?.length).toBeGreaterThan(2)
    expect(host.parts.value?.helpers.user).toBeGreaterThanOrEqual(0)
    expectOwnThread(host)
  })

  test.each(['hidepid=1', 'hidepid=2', 'subset=pid'])('mounted with %s', async (option) => {
    const host = await hostThrough([
      ...unshare('--pid', '--fork', '--mount-proc'),
      ...mounted(`mount -t proc -o ${option} proc /proc`),
    ])
    expect(host.capabilities.allThreads.available).toBe(true)
    expect(host.costly.value?.every((state) => /^[RSD]$/.test(state ?? ''))).toBe(true)
    expect(host.parts.code).toBeUndefined()
  })
})

// Needs root, which it gives up.
test.runIf(process.getuid?.() === 0)('after root was given up', async () => {
  const { roles, complete, counted } = await resultOf<{
    roles: string[]
    complete: boolean
    counted: boolean
  }>('setuid')
  expect(roles[0]).toBe('main')
  expect(roles.filter((role) => role === 'worker')).toHaveLength(1)
  expect({ complete, counted }).toEqual({ complete: true, counted: true })
})
