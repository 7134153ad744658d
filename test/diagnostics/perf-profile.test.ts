import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { pathTo, type StackTree } from '../../dist/diagnostics/formats/stack-tree.js'
import { namesJavaScript, nativeProfile } from '../../dist/diagnostics/perf/native-profile.js'
import { cleanEnvironment } from '../fixtures/run.js'

// These need perf, and leave to use it.

const PROGRAM = fileURLToPath(new URL('fixtures/attach-app.mjs', import.meta.url))
const MICROS_PER_TICK = 1e4

async function app(...options: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...options, PROGRAM, 'spin'], { env: cleanEnvironment() })
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(`/tmp/perf-${child.pid}.map`, { force: true })
  })
  child.stderr.resume()
  await once(child.stdout, 'data')
  // Until its loops are optimized.
  await sleep(500)
  return child
}

const leftOvers = (): string[] =>
  readdirSync(tmpdir()).filter((name) => name.startsWith('threadmeter-perf-'))

/** µs of CPU time, by the kernel's own count. */
function cpuOf(pid: number, tid: number): number {
  const stat = readFileSync(`/proc/${pid}/task/${tid}/stat`, 'latin1')
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) * MICROS_PER_TICK
}

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

it('weighs what the kernel counts, and names JavaScript of a process that was told to', async () => {
  const { pid = 0 } = await app('--perf-basic-prof')
  expect(namesJavaScript(pid)).toBe(true)
  const before = leftOvers()
  const begin = cpuOf(pid, pid)
  let counted = Number.NaN
  const counting = sleep(1500).then(() => {
    counted = cpuOf(pid, pid) - begin
  })
  const tree = await profile(pid, 1.5)
  await counting
  const ofMain = weightOf(tree, ([thread]) => thread === String(pid))
  // perf begins and ends up to some 100 ms later than it is told.
  expect(ofMain / counted).toBeGreaterThan(0.6)
  expect(ofMain / counted).toBeLessThan(1.4)
  const spinning = weightOf(
    tree,
    ([thread, ...names]) => thread === String(pid) && names.includes('spin'),
  )
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
  const { pid = 0 } = await app()
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
