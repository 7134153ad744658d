import { describe, expect, it } from 'vitest'
import { toFormat } from '../../dist/diagnostics/formats/convert.js'
import type { HeapProfile } from '../../dist/diagnostics/model.js'
import { callFrame, cpuProfileOf, DETAILS } from './formats-profiles.js'

const EMPTY = 'the graph is empty'

describe('the header of a flame graph', () => {
  it('tells the mean between samples', () => {
    // 1.5 s in 4 samples, of which most are 100 ms apart.
    const seen = [100_000, 100_000, 100_000, 1_200_000].map((micros) => [['work'], micros] as const)
    const page = toFormat(cpuProfileOf(seen), 'html') as string
    expect(page).toContain('<dt>Samples</dt><dd>4 <small>every 375.00 ms on average</small></dd>')
    expect(page).not.toContain(EMPTY)
  })

  it('says of an empty graph that this is all', () => {
    const head = { callFrame: callFrame('(root)'), selfSize: 0, id: 1, children: [] }
    const heap: HeapProfile = {
      head,
      samples: [],
      threadmeter: { ...DETAILS, kind: 'heap-profile' },
    }
    const [bytes, time] = [heap, cpuProfileOf([])].map((profile) => toFormat(profile, 'html'))
    expect(bytes).toMatch(/role="note">Nothing that was allocated in the window was still there/)
    expect(time).toMatch(/role="note">No sample was taken: the graph is empty/)
    const kept = toFormat({ ...heap, head: { ...head, selfSize: 1024 } }, 'html')
    expect(kept).not.toContain(EMPTY)
  })
})
