import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { capture } from '../../dist/diagnostics/capture/capture.js'
import { checkRoom } from '../../dist/diagnostics/capture/snapshot-room.js'
import { tightestMemory } from '../../dist/diagnostics/kernel/memory.js'
import { openWindow } from '../../dist/diagnostics/kernel/window.js'
import { checkRequest } from '../../dist/diagnostics/request.js'
import { cleanEnvironment } from '../fixtures/run.js'
import { runtimeDirectory } from '../observer/running.js'
import { during, type Taken, temporaryDirectory } from './capturing.js'

const FULL_DISK = fileURLToPath(new URL('fixtures/capture-full-disk.mjs', import.meta.url))

describe('a heap snapshot', () => {
  it('is written by a thread in the middle of a loop, for its owner alone', async () => {
    const directory = temporaryDirectory()
    const [{ snapshot, mode, directoryMode, bytes, details, events, isThereAfterwards }, named] =
      await during<[Taken, Taken]>(
        'blockedHeap',
        [
          { kind: 'heap-snapshot', afterMs: 300 },
          { kind: 'heap-snapshot', directory },
        ],
        1200,
      )
    expect(snapshot.found).toBe(3)
    expect(snapshot.nodeCount).toBeGreaterThan(10_000)
    expect([mode, directoryMode]).toEqual([0o600, 0o700])
    expect(bytes).toBeGreaterThan(1e6)
    expect(isThereAfterwards).toBe(false)
    expect(details).toMatchObject({ kind: 'heap-snapshot', partial: null })
    expect(details.stackAtStart?.[0]?.functionName).toBe('spinning')
    expect(details.window.cpuSeconds).toBeGreaterThan(0)
    const [started] = events
    expect(started).toMatchObject({ event: 'started', seconds: null })
    expect((started as { expectedPauseSeconds: number }).expectedPauseSeconds).toBeGreaterThan(0)
    expect(named.snapshot.found).toBe(3)
    expect(named.mode).toBe(0o600)
    expect(named.isThereAfterwards).toBe(true)
    expect(named.files).toEqual([
      expect.stringMatching(/^threadmeter-\d+-0-\d+T\d+\.heapsnapshot$/),
    ])
  })

  it('comes in events where the thread cannot write it, and tracks nothing afterwards', async () => {
    const [{ snapshot, mode, commands }] = await during<[Taken]>(
      'blockedHeap',
      [{ kind: 'heap-snapshot', afterMs: 300, refuse: ['Runtime.evaluate'] }],
      1200,
    )
    expect(snapshot.found).toBe(3)
    expect(mode).toBe(0o600)
    expect(commands.slice(-3)).toEqual([
      'HeapProfiler.startTrackingHeapObjects',
      'HeapProfiler.stopTrackingHeapObjects',
      'HeapProfiler.disable',
    ])
  })

  it('leaves no file when it is aborted or fails', async () => {
    const directory = temporaryDirectory()
    const [aborted, failed, left] = await during<[Taken, Taken, Taken]>(
      'blockedHeap',
      [
        {
          kind: 'heap-snapshot',
          afterMs: 300,
          directory,
          listed: true,
          abortAfterMs: 15,
          lingerMs: 300,
        },
        {
          kind: 'heap-snapshot',
          directory,
          listed: true,
          refuse: ['Runtime.evaluate', 'HeapProfiler.startTrackingHeapObjects'],
        },
        { kind: 'heap-snapshot', directory: `${directory}/missing` },
      ],
      1000,
    )
    expect(aborted.error?.message).toBe('enough')
    expect(aborted.files).toEqual([])
    expect(failed.error?.message).toContain('is refused')
    expect(failed.files).toEqual([])
    expect(left.error?.code).toBe('ENOENT')
  })

  it('fails where the disk is full, and nothing else does', async () => {
    const directory = temporaryDirectory()
    // No file can grow beyond 2 MB: as on a full disk, a write ends in the middle.
    const args = ['-c', 'ulimit -f 2000; exec "$@"', 'bash', process.execPath, FULL_DISK, directory]
    const environment = { ...cleanEnvironment(), THREADMETER_DIR: runtimeDirectory() }
    const { stdout } = await promisify(execFile)('bash', args, { env: environment })
    expect(JSON.parse(stdout)).toEqual({
      snapshot: expect.stringMatching(
        /^ERR_THREADMETER_CAPTURE_FAILED heap-snapshot failed: EFBIG/,
      ),
      state: 'idle',
    })
    expect(readdirSync(directory)).toEqual([])
  })

  it('is refused with the numbers where there is too little memory or room', () => {
    const thread = { pid: process.pid, tid: null, threadId: 0, name: 'main', role: 'main' } as const
    const memory = tightestMemory()
    const plenty = { memoryBytes: 1e15, fileBytes: 1, pauseSeconds: 1 }
    const check = (needs: typeof plenty) => () => checkRoom(thread, needs, '/tmp')
    const code = 'ERR_THREADMETER_NOT_ENOUGH_MEMORY'
    expect(check(plenty)).toThrow(expect.objectContaining({ code }))
    expect(check(plenty)).toThrow(
      /a heap snapshot of main may need 1000000000 MB of memory, and \d+ MB of \d+ MB are left \(\//,
    )
    expect(check({ ...plenty, memoryBytes: 1, fileBytes: 1e15 })).toThrow(
      /may need 1000000000 MB, and \/tmp has room for \d+ MB/,
    )
    const half = { ...plenty, memoryBytes: (memory?.availableBytes ?? 0) / 2 }
    expect(check(half)).not.toThrow()
  })

  it('is not even begun then, unless it is forced', async () => {
    const thread = { pid: process.pid, tid: null, threadId: 0, name: 'main', role: 'main' } as const
    const commands: string[] = []
    const channel = {
      route: 'inspector' as const,
      thread,
      async post(method: string) {
        commands.push(method)
        // A heap of a petabyte, that cannot be written.
        if (method === 'Runtime.getHeapUsage') return { usedSize: 1e15 } as never
        throw new Error('no')
      },
      on: () => () => {},
      onEnding() {},
      close: async () => {},
    }
    const surroundings = {
      signal: new AbortController().signal,
      onProgress() {},
      window: openWindow,
      program: 'none',
      app: null,
    }
    const take = (force: boolean) =>
      capture(channel, checkRequest({ kind: 'heap-snapshot', thread: 'main', force }), surroundings)
    const code = 'ERR_THREADMETER_NOT_ENOUGH_MEMORY'
    await expect(take(false)).rejects.toMatchObject({ code })
    expect(commands.at(-1)).toBe('Runtime.getHeapUsage')
    await expect(take(true)).rejects.toThrow('no')
    expect(commands.at(-1)).toBe('HeapProfiler.disable')
  })
})
