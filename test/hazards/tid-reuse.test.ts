import { expect, test } from 'vitest'
import { resultOf, unshare } from './run.js'

interface Seen {
  burnMs: number
  uid: number
  isOwnThreadId: boolean
  cpuMs: number
  sampledMs: number
}

// Needs root or user namespaces, and a kernel with CONFIG_CHECKPOINT_RESTORE for ns_last_pid.
test('a tid that comes back is another thread, with figures of its own', async () => {
  const seen = await resultOf<Seen[]>('tid-reuse', {
    through: unshare('--pid', '--fork', '--mount-proc'),
  })
  expect(seen.map(({ burnMs }) => burnMs)).toEqual([60, 5, 90, 20])
  expect(new Set(seen.map(({ uid }) => uid)).size).toBe(seen.length)
  for (const { burnMs, isOwnThreadId, cpuMs, sampledMs } of seen) {
    expect(isOwnThreadId).toBe(true)
    expect(cpuMs).toBeGreaterThanOrEqual(burnMs)
    // Its own start costs a worker 20 to 50 ms; the whole of the one before is not in it.
    expect(sampledMs).toBeGreaterThanOrEqual(burnMs)
    expect(sampledMs).toBeLessThanOrEqual(cpuMs + 5)
  }
})
