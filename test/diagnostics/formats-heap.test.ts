import { describe, expect, it } from 'vitest'
import { toFormat } from '../../dist/diagnostics/formats/convert.js'
import { knownWork } from './formats-profiles.js'
import {
  pprofStacks,
  readFolded,
  readPprof,
  readSpeedscope,
  total,
  within,
} from './formats-readers.js'

describe('a heap profile', () => {
  const bytesOf = (node: { selfSize: number; children: readonly never[] }): number =>
    node.selfSize + node.children.reduce((sum, child) => sum + bytesOf(child), 0)

  it('weighs in bytes what V8 says, in every format', () => {
    const { heap } = knownWork()
    const bytes = bytesOf(heap.head as never)
    expect(bytes).toBeGreaterThan(500_000)
    const folded = readFolded(toFormat(heap, 'folded') as string)
    const { file, stacks } = readSpeedscope(toFormat(heap, 'speedscope') as string)
    const pprof = readPprof(toFormat(heap, 'pprof') as Uint8Array)
    expect(file.profiles[0]?.unit).toBe('bytes')
    expect(pprof.types).toEqual(['inuse_space/bytes'])
    for (const read of [folded, stacks, pprofStacks(pprof, 0)]) {
      expect(total(read)).toBe(bytes)
      expect(within(read, 'allocate') / bytes).toBeGreaterThan(0.5)
    }
    expect(toFormat(heap, 'html')).toContain('"unit":"bytes"')
  })

  it('is handed on as it is, and not as a CPU profile', () => {
    const { heap } = knownWork()
    expect(JSON.parse(toFormat(heap, 'heapprofile') as string)).toEqual(heap)
    expect(() => toFormat(heap, 'cpuprofile' as 'html')).toThrow(RangeError)
  })
})
