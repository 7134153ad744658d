import { expect, test } from 'vitest'
import type { Host } from './host.js'
import { resultOf, unshare } from './run.js'

// Needs root or user namespaces; only the fixture sees the root file system as read-only.
test('nothing is written: every call works on a read-only root', async () => {
  const readOnly = 'mount -o remount,bind,ro / && ! touch /threadmeter 2>/dev/null'
  const { threads, parts, sample } = await resultOf<Host>('host', {
    through: [...unshare('--mount'), 'sh', '-c', `${readOnly} && exec "$0" "$@"`],
    args: ['with-worker'],
  })
  expect(threads.value?.filter(({ role }) => role === 'worker')).toHaveLength(1)
  expect(sample.value?.length).toBeGreaterThan(2)
  expect(parts.code).toBeUndefined()
})
