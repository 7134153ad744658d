import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { pathTo, type StackTree } from '../../dist/diagnostics/formats/stack-tree.js'
import { namesJavaScript, nativeProfile } from '../../dist/diagnostics/perf/native-profile.js'
import { cleanEnvironment } from '../fixtures/run.js'

// These need perf, and leave to use it.

const PROGRAM = fileURLToPath(new URL('fixtures/attach-app.mjs', import.meta.url))
const NS_PER_MICRO = 1000

async function app(doing: string, ...options: string[]): Promise<ChildProcess> {
  // Where it is told to name functions, V8 leaves logs.
  const cwd = mkdtempSync(join(tmpdir(), 'threadmeter-test-'))
  const child = spawn(process.execPath, [...options, PROGRAM, doing], {
    cwd,
    env: cleanEnvironment(),
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(cwd, { recursive: true, force: true, maxRetries: 5 })
    rmSync(`/tmp/perf-${child.pid}.map`, { force: true })
  })
  child.stderr.resume()
  child.stdin.on('error', () => {})
  await once(child.stdout, 'data')
  // Until its loops are optimized.
  await sleep(500)
  return child
}

const leftOvers = (): string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith('threadmeter-perf-'))

/** µs of CPU time, by the kernel's own count. */
const cpuOf = (pid: number, tid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'latin1').split(' ')[0]) / NS_PER_MICRO

/** The weight of the samples whose stack fits. */
const weightOf = (tree: StackTree, fits: (names: string[]) => boolean): number =>
  tree.samples.reduce((sum, node, at) => {
    const names = pathTo(tree, node).map(
      (each) => tree.frames[tree.nodeFrames[each] as number]?.functionName ?? '',
    )
    return sum + (fits(names) ? (tree.weights[at] as number) : 0)
  }, 0)

const profile = (pid: number, seconds: number, signal = new AbortController().signal) =>
  nativeProfile(pid, { seconds, hertz: 999, signal, nameThread: (tid) => String(tid) })

/** Resolves when perf has begun to write. */
async function recording(before: readonly string[]): Promise<void> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(20)) {
    const [name] = leftOvers().filter((each) => !before.includes(each))
    const path = name === undefined ? undefined : join(tmpdir(), name, 'perf.data')
    if (path !== undefined && (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0) {
      // Its counters are on a moment later.
      return sleep(500)
    }
  }
  throw new Error('perf does not begin')
}

it('weighs what the kernel counts, and names JavaScript of a process that was told to', async () => {
  const { pid = 0, stdin, stdout } = await app('bursts', '--perf-basic-prof')
  expect(namesJavaScript(pid)).toBe(true)
  const before = leftOvers()
  const ending = new AbortController()
  const profiling = profile(pid, 30, ending.signal)
  await recording(before)
  const begin = cpuOf(pid, pid)
  stdin?.write('go')
  await once(stdout as NodeJS.ReadableStream, 'data')
  const counted = cpuOf(pid, pid) - begin
  ending.abort()
  const tree = await profiling
  const isOfMain = ([thread]: string[]) => thread === String(pid)
  // Outside of its burst it idles.
  const ofMain = weightOf(tree, isOfMain)
  expect(ofMain / counted).toBeGreaterThan(0.8)
  expect(ofMain / counted).toBeLessThan(1.2)
  const spinning = weightOf(tree, (names) => isOfMain(names) && names.includes('spin'))
  expect(spinning / ofMain).toBeGreaterThan(0.8)
  expect(tree.frames).toContainEqual(
    expect.objectContaining({ functionName: 'spin', file: PROGRAM, category: 'js' }),
  )
  expect(tree.frames).toContainEqual(
    expect.objectContaining({ functionName: 'node::Start', category: 'native' }),
  )
  const threads = tree.parents.flatMap((parent, node) =>
    parent === -1 ? [tree.frames[tree.nodeFrames[node] as number]?.functionName] : [],
  )
  expect(threads.length).toBeGreaterThanOrEqual(2)
  expect(leftOvers()).toEqual(before)
})

it('ends early with what there is, of a process without names', async () => {
  const { pid = 0 } = await app('spin')
  expect(namesJavaScript(pid)).toBe(false)
  const ending = new AbortController()
  const begin = performance.now()
  setTimeout(() => ending.abort(), 700)
  const tree = await profile(pid, 60, ending.signal)
  expect(performance.now() - begin).toBeLessThan(30_000)
  expect(tree.samples.length).toBeGreaterThan(10)
  expect(tree.frames.map(({ functionName }) => functionName)).toContain(
    '(JavaScript without a name)',
  )
})

it('keeps what there is of a process that ends', async () => {
  const child = await app('spin')
  const before = leftOvers()
  const profiling = profile(child.pid as number, 30)
  await recording(before)
  child.kill('SIGKILL')
  const tree = await profiling
  expect(tree.samples.length).toBeGreaterThan(10)
})
