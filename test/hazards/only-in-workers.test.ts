import { expect, test } from 'vitest'
import { resultOf } from './run.js'

interface Message {
  uid: number
  main: number
  registered: number
  exited: number
  mainCpu: number
}

test('threadmeter loaded by workers only: the registry outlives each of them', async () => {
  const { successive, parallel } = await resultOf<{ successive: Message[]; parallel: Message[] }>(
    'only-in-workers',
  )
  const all = [...successive, ...parallel]
  const uids = all.map(({ uid }) => uid)
  expect(new Set(uids).size).toBe(all.length)
  expect(successive.map(({ uid }) => uid)).toEqual(uids.slice(0, 6).sort((a, b) => a - b))
  expect(all.every(({ main, mainCpu }) => main === 1 && mainCpu > 0)).toBe(true)
  expect(successive.every(({ registered }) => registered === 1)).toBe(true)
  // Each burned 5 ms before it ended, beside what its start took.
  for (const [index, { exited }] of successive.entries()) {
    expect(exited).toBeGreaterThanOrEqual(index * 5000)
  }
})
