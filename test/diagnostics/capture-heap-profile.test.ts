import type { HeapProfile, HeapProfileNode } from 'threadmeter/diagnostics'
import { describe, expect, it } from 'vitest'
import { during, type Taken } from './capturing.js'

function bytesOf(name: string, node: HeapProfileNode): number {
  const own = node.callFrame.functionName === name ? node.selfSize : 0
  return node.children.reduce((sum, child) => sum + bytesOf(name, child), own)
}

describe('a heap profile', () => {
  it('names who allocated what is still there, and how much', async () => {
    const [{ json }] = await during<[Taken<HeapProfile>]>('allocate', [
      { kind: 'heap-profile', seconds: 1.5, interval: 32_768 },
    ])
    // 4000 arrays of 1250 words are 40 MB: 1200 samples of 32 KB, so the error is 3 % (one sigma).
    expect(bytesOf('allocates', json.head) / 40e6).toBeGreaterThan(0.85)
    expect(bytesOf('allocates', json.head) / 40e6).toBeLessThan(1.15)
    expect(json.threadmeter).toMatchObject({ kind: 'heap-profile', partial: null })
    expect(json.threadmeter.window.seconds).toBeGreaterThan(1.49)
  })

  it('brings what there is when it is aborted, and leaves no sampling on', async () => {
    const [aborted, ended, left] = await during<
      [Taken<HeapProfile>, Taken<HeapProfile>, Taken<object>]
    >('allocate', [
      { kind: 'heap-profile', seconds: 30, abortAfterMs: 300 },
      { kind: 'heap-profile', seconds: 30, endAfterMs: 300, lingerMs: 50 },
      { kind: 'leftBehind' },
    ])
    expect(aborted.json.threadmeter.partial).toBe('aborted')
    expect(aborted.json.head.callFrame.functionName).toBe('(root)')
    expect(ended.json.threadmeter.partial).toBe('thread ended')
    expect(ended.endingTaken).toBe(true)
    for (const { commands } of [aborted, ended]) {
      expect(commands.at(-1)).toBe('HeapProfiler.disable')
    }
    expect(left.json).toMatchObject({ sampling: false })
  })
})
