import { execFile, spawn } from 'node:child_process'
import { cpSync, renameSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { STATE } from '../../dist/meter/layout.js'
import { processStartOf } from '../../dist/observer/outside/process-files.js'
import { schedstat, state } from '../fixtures/proc.mjs'
import { cleanEnvironment } from '../fixtures/run.js'
import { deadThread, LIVING, writeMeter } from '../meter/fixtures/meters.mjs'
import { temporaryDirectory } from './service.js'

// The figures of the kernel stand still here, so that every sum is known to the last digit: one process
// is stopped, and the others have ended.

const FIXTURE = new URL('fixtures/observe-killed.mjs', import.meta.url).pathname
const LATE = 'late'

type Counters = Record<string, number>

async function stoppedProcess(): Promise<number> {
  const child = spawn('sh', [
    '-c',
    'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; kill -STOP $$',
  ])
  onTestFinished(() => void child.kill('SIGKILL'))
  const pid = child.pid as number
  while (state(pid, pid) !== 'T') await setTimeout(5)
  return pid
}

const nothing = (): void => {}

const finals = (ms: number) => ({
  state: STATE.ended,
  finalCpu: ms * 1e6,
  finalUser: ms * 1e3,
  finalSystem: 0,
  finalRunDelay: ms * 1e5,
  finalVoluntary: ms,
  finalInvoluntary: 1,
})

/** A service with a process that is stopped, threads of it that ended, and a process that is gone. */
async function prepare(pid: number): Promise<string> {
  const dir = temporaryDirectory()
  const processStart = processStartOf(pid)
  const stopped = { ...LIVING, pid, processStart, tid: pid, threadStart: processStart }
  writeMeter(dir, { ...stopped, kind: 0, label: 'main', processSlot: 0 }, nothing)
  const ended = (number: number, label: string, slot: number, ms: number) =>
    writeMeter(
      dir,
      {
        ...deadThread(number),
        ...finals(ms),
        label,
        name: label,
        threadId: number,
        processSlot: slot,
      },
      nothing,
    )
  ended(1, 'pool', 1, 100)
  ended(2, 'pool', 1, 20)
  // An observer that was before has seen these two and folded them.
  await observe(dir, NEVER)
  ended(3, 'pool', 1, 3)
  const name = ended(4, LATE, 1, 7)
  renameSync(`${dir}/${name}`, `${dir}/later.${name}`)
  writeMeter(
    dir,
    { ...stopped, ...finals(50), tid: pid + 1, kind: 1, label: 'own', threadId: 9 },
    nothing,
  )
  return dir
}

/** What all observers must show at last, by the kernel and by the files. */
function truth(pid: number): Counters {
  const { run, wait } = schedstat(pid, pid)
  const cpu = 'nodejs_thread_cpu_seconds_total'
  const delay = 'nodejs_thread_run_delay_seconds_total'
  const worker = (thread: string, slot: number) => `thread,${thread} role,worker process,${slot}`
  return {
    [`${cpu} main`]: run / 1e9,
    [`${delay} thread,main role,main process,0`]: wait / 1e9,
    [`${delay} ${worker('pool', 1)}`]: 0.0123,
    [`${delay} ${worker(LATE, 1)}`]: 0.0007,
    [`${delay} ${worker('own', 0)}`]: 0.005,
    [`${cpu} pool`]: 0.123,
    [`${cpu} late`]: 0.007,
    [`${cpu} own`]: 0.05,
    'process_cpu_seconds_total 1': 0.13,
  }
}

/** The counters that `truth` tells of, the halves of CPU time added up. */
function toldOf(counters: Counters): Counters {
  const cpuOf = (label: string): number =>
    Object.entries(counters)
      .filter(([name]) => name.startsWith(`nodejs_thread_cpu_seconds_total thread,${label} `))
      .reduce((sum, [, value]) => sum + value, 0)
  const cpu = ['main', 'pool', LATE, 'own'].map((label) => [
    `nodejs_thread_cpu_seconds_total ${label}`,
    Math.round(cpuOf(label) * 1e9) / 1e9,
  ])
  const delays = Object.entries(counters).filter(([name]) => name.includes('run_delay'))
  const process = counters['process_cpu_seconds_total process,1']
  return { ...Object.fromEntries([...cpu, ...delays]), 'process_cpu_seconds_total 1': process }
}

interface Outcome {
  readonly signal: string | undefined
  readonly stderr: string
  readonly shown: Counters[]
  readonly calls: string[]
}

const NEVER = 0

function observe(dir: string, step: number): Promise<Outcome> {
  const options = { env: cleanEnvironment(), timeout: 30_000 }
  return new Promise((resolve) => {
    execFile(process.execPath, [FIXTURE, dir, `${step}`], options, (error, stdout, stderr) => {
      const lines = stdout.split('\n').filter((line) => line !== '')
      const signal = error?.signal ?? undefined
      const calls = signal === undefined ? JSON.parse(lines.pop() ?? '[]') : []
      resolve({ signal, stderr, shown: lines.map((line) => JSON.parse(line)), calls })
    })
  })
}

/** Runs all with as many at once as there are processors. */
async function each<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items]
  const lane = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await run(item)
  }
  await Promise.all(Array.from({ length: availableParallelism() }, lane))
}

function expectNoneLower(now: Counters, before: Counters, where: string): void {
  for (const [name, value] of Object.entries(before)) {
    expect(now[name], `${name}, ${where}`).toBeGreaterThanOrEqual(value)
  }
}

function copyOf(dir: string): string {
  const copy = temporaryDirectory()
  cpSync(dir, copy, { recursive: true, verbatimSymlinks: true })
  return copy
}

/** Between these calls nothing comes about that a later observer could see. */
const CHANGES = ['writeFileSync', 'renameSync', 'unlinkSync', 'show', 'end']

it('counts everything exactly once wherever an observer is killed', async () => {
  const pid = await stoppedProcess()
  const prepared = await prepare(pid)
  const { calls, stderr, shown } = await observe(copyOf(prepared), NEVER)
  expect(stderr).toBe('')
  expect(calls.filter((name) => name === 'show')).toHaveLength(2)
  expect(calls).toEqual(expect.arrayContaining(['renameSync', 'unlinkSync', 'writeFileSync']))
  expect(toldOf(shown[1] as Counters)).toEqual(truth(pid))

  const steps = calls.flatMap((name, at) => (CHANGES.includes(name) ? [at + 1] : []))
  await each(steps, async (step) => {
    const dir = copyOf(prepared)
    const where = `killed before call ${step}, ${calls[step - 1]}`
    const killed = await observe(dir, step)
    expect(killed, where).toMatchObject({ signal: 'SIGKILL', stderr: '' })
    const next = await observe(dir, NEVER)
    for (const counters of [...killed.shown, ...next.shown]) {
      expectNoneLower(next.shown[1] as Counters, counters, where)
    }
    for (const counters of killed.shown) expectNoneLower(next.shown[0] as Counters, counters, where)
    expect(toldOf(next.shown[1] as Counters), where).toEqual(truth(pid))
  })
})
