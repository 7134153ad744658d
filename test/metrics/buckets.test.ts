import { describe, expect, it } from 'vitest'
import { type Client, ours, peers } from './clients.js'

const CALLS: readonly [string, readonly number[]][] = [
  ['linearBuckets', [0, 50, 10]],
  ['linearBuckets', [-5, 0.1, 7]],
  ['linearBuckets', [1, 1, 1]],
  ['linearBuckets', [0, 50, 0]],
  ['linearBuckets', [0, 50, -1]],
  ['exponentialBuckets', [0.001, 2, 12]],
  ['exponentialBuckets', [1, 1.5, 20]],
  ['exponentialBuckets', [0, 2, 3]],
  ['exponentialBuckets', [-1, 2, 3]],
  ['exponentialBuckets', [1, 1, 3]],
  ['exponentialBuckets', [1, 0.5, 3]],
  ['exponentialBuckets', [1, 2, 0]],
]

function outcome(client: Client, name: string, args: readonly number[]): unknown {
  try {
    return client.module[name](...args)
  } catch {
    return 'thrown'
  }
}

describe.each(peers)('bucket generators beside $name', (peer) => {
  it.each(CALLS)('%s(%j) gives or throws the same', (name, args) => {
    expect(outcome(ours, name, args)).toEqual(outcome(peer, name, args))
  })
})

it.each([[[1, 2, 2.5]], [[1, 2, Number.NaN]], [[1, 2, 'three']], [[Number.NaN, 2, 3]]])(
  'exponentialBuckets(%j) throws an error with a code',
  (args) => {
    const call = () => ours.module.exponentialBuckets(...args)
    expect(call).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_THREADMETER_/) }),
    )
  },
)
