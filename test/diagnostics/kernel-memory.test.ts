import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { memoryLimits } from '../../dist/diagnostics/kernel/cgroup.js'
import { snapshotNeeds, tightestMemory } from '../../dist/diagnostics/kernel/memory.js'
import { temporaryDirectory } from './capturing.js'

const MB = 1024 * 1024

/** A directory that stands for `/`. */
function rootWith(files: Record<string, string>): string {
  const root = temporaryDirectory()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

const V2_MOUNT =
  '31 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n'
const V1_MOUNTS = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`
const MEMINFO = `MemTotal:       24683232 kB
MemFree:        22161408 kB
MemAvailable:   23834624 kB
Buffers:          123456 kB
`

describe('limits on the memory of a process', () => {
  it('are those of its group and of all around it (v2)', () => {
    const root = rootWith({
      '/proc/self/cgroup': '0::/system.slice/shop.service/worker\n',
      '/proc/self/mountinfo': V2_MOUNT,
      '/sys/fs/cgroup/system.slice/memory.max': 'max\n',
      '/sys/fs/cgroup/system.slice/memory.current': `${900 * MB}\n`,
      '/sys/fs/cgroup/system.slice/shop.service/memory.max': `${512 * MB}\n`,
      '/sys/fs/cgroup/system.slice/shop.service/memory.high': `${400 * MB}\n`,
      '/sys/fs/cgroup/system.slice/shop.service/memory.current': `${300 * MB}\n`,
      '/sys/fs/cgroup/system.slice/shop.service/memory.stat': `anon 1\ninactive_file ${100 * MB}\n`,
      '/sys/fs/cgroup/system.slice/shop.service/worker/memory.max': 'max\n',
      '/sys/fs/cgroup/system.slice/shop.service/worker/memory.current': `${200 * MB}\n`,
      '/proc/meminfo': MEMINFO,
    })
    const service = join(root, '/sys/fs/cgroup/system.slice/shop.service')
    expect(memoryLimits('self', root)).toEqual([
      { source: `${service}/memory.max`, limitBytes: 512 * MB, availableBytes: 312 * MB },
      { source: `${service}/memory.high`, limitBytes: 400 * MB, availableBytes: 200 * MB },
    ])
    expect(tightestMemory('self', root)?.availableBytes).toBe(200 * MB)
  })

  it('are seen inside a container, whose group is the top', () => {
    const files = (group: string) => ({
      '/proc/self/cgroup': `0::${group}\n`,
      '/proc/self/mountinfo': V2_MOUNT.replace(' / /sys', ' /docker/abc /sys'),
      '/sys/fs/cgroup/memory.max': `${256 * MB}\n`,
      '/sys/fs/cgroup/memory.current': `${100 * MB}\n`,
    })
    for (const group of ['/docker/abc', '/', '/../../elsewhere']) {
      const [limit] = memoryLimits('self', rootWith(files(group)))
      expect(limit).toMatchObject({ limitBytes: 256 * MB, availableBytes: 156 * MB })
    }
  })

  it('are those of v1 where memory is managed there', () => {
    const root = rootWith({
      '/proc/7/cgroup': '9:name=systemd:/\n4:cpu,memory:/jobs/5f92\n0::/\n',
      '/proc/7/mountinfo': V1_MOUNTS,
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': `${4000 * MB}\n`,
      '/sys/fs/cgroup/memory/jobs/memory.limit_in_bytes': `${100 * MB}\n`,
      '/sys/fs/cgroup/memory/jobs/memory.usage_in_bytes': `${130 * MB}\n`,
      '/sys/fs/cgroup/memory/jobs/5f92/memory.limit_in_bytes': `${200 * MB}\n`,
      '/sys/fs/cgroup/memory/jobs/5f92/memory.usage_in_bytes': `${120 * MB}\n`,
      '/sys/fs/cgroup/memory/jobs/5f92/memory.stat': `inactive_file 1\ntotal_inactive_file ${20 * MB}\n`,
    })
    const limits = memoryLimits(7, root)
    expect(limits.map(({ limitBytes }) => limitBytes)).toEqual([200 * MB, 100 * MB])
    expect(limits.map(({ availableBytes }) => availableBytes)).toEqual([100 * MB, 0])
  })

  it('are none where nothing tells of any', () => {
    expect(memoryLimits('self', rootWith({}))).toEqual([])
    expect(tightestMemory('self', rootWith({}))).toBe(undefined)
    const machine = tightestMemory('self', rootWith({ '/proc/meminfo': MEMINFO }))
    expect(machine?.availableBytes).toBe(23_834_624 * 1024)
  })

  it('can be read on this machine', () => {
    const memory = tightestMemory()
    expect(memory?.availableBytes).toBeGreaterThan(0)
    expect(memory?.limitBytes).toBeGreaterThan(memory?.availableBytes as number)
  })
})

describe('what a snapshot needs', () => {
  it('grows with the heap', () => {
    const { memoryBytes, fileBytes, pauseSeconds } = snapshotNeeds(100e6)
    expect([memoryBytes, fileBytes, pauseSeconds]).toEqual([1e9, 2.5e8, 5])
  })
})
