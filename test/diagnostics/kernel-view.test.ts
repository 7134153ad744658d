import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { KernelView } from 'threadmeter/diagnostics'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeKernelView } from '../../dist/diagnostics/kernel/describe.js'
import { kernelView } from '../../dist/diagnostics/kernel/kernel-view.js'
import { systemCallOf, systemCalls } from '../../dist/diagnostics/kernel/system-calls.js'
import { openWindow } from '../../dist/diagnostics/kernel/window.js'
import { cleanEnvironment } from '../fixtures/run.js'
import { directoryUntilEnd } from './capturing.js'

const FIXTURE = fileURLToPath(new URL('fixtures/kernel-threads.mjs', import.meta.url))

const tids = new Map<string, number>()
let child: ReturnType<typeof spawn>
const { path: directory, remove } = directoryUntilEnd()

beforeAll(async () => {
  child = spawn(process.execPath, [FIXTURE, directory], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const { state, tid } = JSON.parse(line)
    tids.set(state, tid)
    if (tids.size === 4) break
  }
  // They tell before they wait.
  await new Promise((resolve) => setTimeout(resolve, 200))
})

afterAll(() => {
  child.kill('SIGKILL')
  remove()
})

const view = (state: string, overMs?: number): Promise<KernelView> =>
  kernelView(child.pid as number, tids.get(state) as number, overMs)

/** What ps tells of the thread: the first letter of its state, and where it waits. */
function seenByPs(state: string): { state: string; wchan: string } {
  const args = ['-L', '-o', 'lwp=,stat=,wchan:32=', '-p', String(child.pid)]
  const lines = execFileSync('ps', args, { encoding: 'utf8' }).trim().split('\n')
  const rows = lines.map((line) => line.trim().split(/\s+/))
  const [, stat = '', wchan = ''] = rows.find(([lwp]) => Number(lwp) === tids.get(state)) ?? []
  return { state: stat.slice(0, 1), wchan }
}

describe('what the kernel says of a thread', () => {
  it.each([
    ['read', 'read', 'in read(2) for input, off the processor'],
    ['futex', 'futex', 'in futex(2) for a lock or another thread, off the processor'],
    ['epoll', 'epoll_pwait', 'in epoll_pwait(2) for events'],
  ])('that waits (%s)', async (state, syscall, sentence) => {
    const seen = await view(state)
    const ps = seenByPs(state)
    expect(seen).toMatchObject({ state: 'S', syscall })
    expect(seen.state).toBe(ps.state)
    expect(seen.wchan ?? '-').toBe(ps.wchan)
    expect(seen.cpu).toBeLessThan(0.02)
    expect(describeKernelView(seen)).toMatch(new RegExp(`^${sentence.replace(/[()]/g, '\\$&')}`))
  })

  it('that runs', async () => {
    const seen = await view('runs', 600)
    expect(seen).toMatchObject({ state: seenByPs('runs').state, wchan: null })
    expect(seen.state).toBe('R')
    expect(seen.syscall).toBe(null)
    // It never waits: what it does not run, it waits for a processor. The kernel counts a wait when it is
    // over, and may wait for its next tick to count what runs.
    const { cpu, runDelay } = seen
    expect((cpu ?? 0) + (runDelay ?? 0)).toBeGreaterThan(0.85)
    expect(describeKernelView({ ...seen, cpu: 0.98, runDelay: 0 })).toBe(
      'burning a processor in native code (0.98 cores): nothing answers',
    )
  })

  it('is nothing of a thread that is not there, or has no tid', async () => {
    const nothing = { state: null, syscall: null, wchan: null, cpu: null, runDelay: null }
    const pid = child.pid as number
    expect(await kernelView(pid, 2 ** 30)).toEqual(nothing)
    expect(await kernelView(pid, null)).toEqual(nothing)
    expect(describeKernelView(nothing)).toBe('the kernel tells nothing of it here')
  })
})

describe('a window on a thread', () => {
  it('counts the CPU time that the kernel counts, and its event loop', async () => {
    const pid = child.pid as number
    const tid = tids.get('runs') as number
    const times = [
      { idle: 100, active: 50 },
      { idle: 400, active: 150 },
    ]
    const thread = { pid, tid, threadId: 1, name: 'runs', role: 'worker' } as const
    const stat = () => readFileSync(`/proc/${pid}/task/${tid}/stat`, 'latin1')
    const ticks = () => {
      const fields = stat()
        .slice(stat().lastIndexOf(')') + 2)
        .split(' ')
      return Number(fields[11]) + Number(fields[12])
    }
    const window = openWindow(thread, () => times.shift() ?? null)
    const before = ticks()
    await new Promise((resolve) => setTimeout(resolve, 600))
    const figures = window.close()
    const seconds = (ticks() - before) / 100
    // Ticks are of 10 ms.
    expect(Math.abs((figures.cpuSeconds ?? 0) - seconds)).toBeLessThan(0.04)
    expect(figures.eventLoopUtilization).toBeCloseTo(0.25)
    expect(figures.seconds).toBeGreaterThan(0.59)
    expect(Math.abs(figures.startedAt + figures.seconds * 1000 - Date.now())).toBeLessThan(100)
  })

  it('tells nothing of a thread that is not known', () => {
    const thread = {
      pid: child.pid as number,
      tid: null,
      threadId: 1,
      name: '',
      role: 'worker',
    } as const
    expect(openWindow(thread).close()).toMatchObject({
      cpuSeconds: null,
      runDelaySeconds: null,
      eventLoopUtilization: null,
    })
  })
})

describe('a thread that hardly gets a processor', () => {
  const spinners: ReturnType<typeof spawn>[] = []

  /** The pid of an endless loop on one processor, the first that this process may use. */
  function spinner(...before: string[]): number {
    const status = readFileSync('/proc/self/status', 'latin1')
    const [, cpu = '0'] = /^Cpus_allowed_list:\s*(\d+)/m.exec(status) ?? []
    const made = spawn('taskset', ['-c', cpu, ...before, 'sh', '-c', 'while :; do :; done'])
    spinners.push(made)
    return made.pid as number
  }

  afterAll(() => {
    for (const one of spinners) one.kill('SIGKILL')
  })

  it('has waited for no more than all of the time', async () => {
    spinner()
    const pid = spinner('nice', '-n', '19')
    const thread = { pid, tid: pid, threadId: 0, name: 'main', role: 'main' } as const
    await new Promise((resolve) => setTimeout(resolve, 300))
    const waited: number[] = []
    for (let i = 0; i < 40; i++) {
      const window = openWindow(thread)
      waited.push((await kernelView(pid, pid, 50)).runDelay as number)
      const { runDelaySeconds, seconds } = window.close()
      expect(runDelaySeconds).toBeLessThanOrEqual(seconds)
    }
    expect(Math.max(...waited)).toBeLessThanOrEqual(1)
    expect(Math.max(...waited)).toBeGreaterThan(0.5)
  })
})

describe('the names of system calls', () => {
  it('are those of the two architectures', () => {
    const [x64, arm64] = [systemCalls('x64'), systemCalls('arm64')]
    expect([x64.get(0), x64.get(281), x64.get(202)]).toEqual(['read', 'epoll_pwait', 'futex'])
    expect([arm64.get(63), arm64.get(22), arm64.get(98)]).toEqual(['read', 'epoll_pwait', 'futex'])
    expect([...arm64.values()]).not.toContain('poll')
    expect(systemCalls('sparc').size).toBe(0)
  })

  it('agree with the headers of this machine, where those tell', () => {
    const header = execFileSync('cc', ['-dM', '-E', '-include', 'sys/syscall.h', '-'], {
      input: '',
    })
    const numbers = new Map(
      [...header.toString().matchAll(/^#define __NR_(\w+) (\d+)$/gm)].map(([, name, number]) => [
        name as string,
        Number(number),
      ]),
    )
    const wrong = [...systemCalls(process.arch)].filter(
      ([number, name]) => numbers.has(name) && numbers.get(name) !== number,
    )
    expect(numbers.size).toBeGreaterThan(200)
    expect(wrong).toEqual([])
  })

  it('is a number where there is none, and nothing outside of a call', () => {
    expect(systemCallOf('running')).toBe(null)
    expect(systemCallOf('-1 0x7ffd 0x7f00')).toBe(null)
    expect(systemCallOf('9999 0x0 0x0')).toBe('syscall 9999')
  })
})

describe('a sentence about a thread', () => {
  const at = (seen: Partial<KernelView>) =>
    describeKernelView({
      ...{ state: 'S', syscall: null, wchan: null, cpu: 0, runDelay: 0 },
      ...seen,
    })

  it('says what it waits for, or that it does not', () => {
    expect(at({ state: 'D', syscall: 'fsync', wchan: 'jbd2_log_wait_commit' })).toBe(
      'waiting for a device in fsync(2) for data to reach a disk (jbd2_log_wait_commit)',
    )
    expect(at({ state: 'R', cpu: 0.1, runDelay: 0.85 })).toBe(
      'wanting to run, but without a processor 85 % of the time',
    )
    expect(at({ syscall: 'syscall 777' })).toBe('in syscall 777, off the processor')
    expect(at({ wchan: 'do_wait' })).toBe("in the kernel's do_wait, off the processor")
    expect(at({ state: 'T' })).toBe('stopped by a signal or a debugger')
    expect(at({ state: 'Z' })).toBe('ended')
  })
})
