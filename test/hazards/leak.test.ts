import { expect, test } from 'vitest'
import { resultOf } from './run.js'

const MIB = 2 ** 20

test('ten thousand of each call leave no memory behind', async () => {
  const { heap, external, rss } = await resultOf<{ heap: number; external: number; rss: number }>(
    'leak',
    { node: ['--expose-gc'] },
  )
  // 120,000 calls: 16 bytes left by each would be 2 MB.
  expect(heap).toBeLessThan(MIB)
  expect(external).toBeLessThan(MIB)
  expect(rss).toBeLessThan(24 * MIB)
})
