import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanEnvironment, fixturePath } from '../fixtures/run.js'
import { temporaryDirectory } from '../meter/temporary-directory.js'

const INTERVAL_MS = 20
const STALL_SECONDS = 0.3

interface Figures {
  [name: string]: { values: number[]; perProcess: boolean; parameters: number[] }
}

interface Life {
  limit: number
  collected: number
  lived: number
}

interface Result {
  own: Life
  other: Life
  heaps: { lowest: number; highest: number }[]
  now: number
  text: string
  threads: { label: string; loopStamp: number; loopInterval: number; figures: Figures }[]
}

const exec = promisify(execFile)

/** What a program prints on both streams, with these variables. */
const run = (args: string[], environment: object) =>
  exec(process.execPath, args, { env: { ...cleanEnvironment(), ...environment }, timeout: 30_000 })

const fixture = (name: string): string => fixturePath(`../runtime/fixtures/${name}`)

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

describe('threads that report', () => {
  let result: Result
  let took: number
  const thread = (label: string) => result.threads.find((one) => one.label === label)
  const values = (label: string, name: string): number[] =>
    thread(label)?.figures[name]?.values as number[]

  const directory = mkdtempSync('/dev/shm/threadmeter-reports-')

  afterAll(() => rmSync(directory, { recursive: true }))

  beforeAll(async () => {
    const environment = { THREADMETER_DIR: directory, THREADMETER_INTERVAL: `${INTERVAL_MS}` }
    const begun = performance.now()
    const { stdout, stderr } = await run([fixture('reports.mjs')], environment)
    took = performance.now() - begun
    expect(stderr).toBe('')
    result = JSON.parse(stdout)
  })

  it.each(['main', 'worker-1'])('tell about their heap: %s', (label) => {
    const [life, heap] =
      label === 'main' ? [result.own, result.heaps[0]] : [result.other, result.heaps[1]]
    const [used] = values(label, `nodejs_thread_heap_used_bytes ${label}`) as [number]
    const [total] = values(label, `nodejs_thread_heap_total_bytes ${label}`) as [number]
    const [limit] = values(label, `nodejs_thread_heap_limit_bytes ${label}`)
    expect(limit).toBe(life.limit)
    expect(used).toBeGreaterThan(heap.lowest * 0.9)
    expect(used).toBeLessThan(heap.highest * 1.1)
    expect(total).toBeGreaterThanOrEqual(used)
    const spaces = Object.entries(thread(label)?.figures ?? {})
      .filter(([name]) => name.startsWith(`nodejs_thread_heap_space_used_bytes ${label} `))
      .map(([, figures]) => figures.values[0] as number)
    expect(spaces.length).toBeGreaterThan(4)
    expect(Math.abs(sum(spaces) - used) / used).toBeLessThan(0.05)
  })

  it.each(['main', 'worker-1'])('tell how long their garbage collections took: %s', (label) => {
    const name = `nodejs_thread_gc_duration_seconds ${label} major`
    const durations = values(label, name)
    expect(sum(durations.slice(0, -1))).toBeGreaterThanOrEqual(5)
    expect(durations.at(-1)).toBeGreaterThan(0.0005)
    expect(thread(label)?.figures[name]?.perProcess).toBe(true)
  })

  it.each(['main', 'worker-1'])('tell what came to their event loop had to wait: %s', (label) => {
    const figures = thread(label)?.figures[`nodejs_thread_event_loop_delay_seconds ${label}`]
    const { values: counts = [], parameters = [] } = figures ?? {}
    const { lived } = label === 'main' ? result.own : result.other
    // A look at each interval, those included for which the stall left no time; a worker begins with one.
    const looks = sum(counts.slice(0, -1))
    expect(looks * INTERVAL_MS).toBeGreaterThan(lived * 0.75)
    expect(looks * INTERVAL_MS).toBeLessThan(lived * 1.1)
    const above = (seconds: number): number =>
      sum(counts.slice(0, -1).filter((_, place) => !((parameters[place] as number) <= seconds)))
    // Of what comes evenly in 300 ms of stall, a third waits over 200 ms, two thirds over 100 ms.
    expect(above(0.25)).toBeGreaterThanOrEqual(2)
    expect(above(0.1)).toBeGreaterThanOrEqual(9)
    const waited = (STALL_SECONDS * STALL_SECONDS * 1000) / INTERVAL_MS / 2
    expect(counts.at(-1)).toBeGreaterThan(waited * 0.8)
  })

  it.each(['main', 'worker-1'])('stamp their loop and collect, asked by nobody: %s', (label) => {
    const life = label === 'main' ? result.own : result.other
    const { loopStamp, loopInterval } = thread(label) as { loopStamp: number; loopInterval: number }
    expect(loopInterval).toBe(INTERVAL_MS)
    expect(result.now - loopStamp).toBeLessThan(1000)
    expect(values(label, 'own_gauge')[0]).toBeGreaterThan(life.lived / INTERVAL_MS / 4)
    expect(values(label, 'own_gauge')[0]).toBeGreaterThanOrEqual(life.collected)
  })

  it.each(['main', 'worker-1'])('count what fails to be collected: %s', (label) => {
    const [failures] = values(label, 'threadmeter_collect_failures_total') as [number]
    expect(failures).toBeGreaterThan(10)
  })

  it('leave the registry of the application alone, and the process free to end', () => {
    expect(result.text).toBe('cannot collect')
    expect(took).toBeLessThan(result.own.lived + 5000)
  })
})

const IMPORTS = `
import { syncBuiltinESMExports } from 'node:module'
import timers from 'node:timers'

const { setInterval } = timers
let started = 0
timers.setInterval = (...args) => {
  started++
  return setInterval(...args)
}
syncBuiltinESMExports()
await import('threadmeter/metrics')
await import('threadmeter/register')
console.log(started)
`
const evaluate = (code: string, environment: object) =>
  run(['--input-type=module', '-e', code], environment)

describe('reporting', () => {
  it('starts one timer, where there is a directory, that does not keep the process alive', async () => {
    const unobserved = { THREADMETER_DIR: '', THREADMETER_SERVE: 'off' }
    const alone = IMPORTS.replace(/^.*register'\)$/m, '')
    expect(await evaluate(alone, unobserved)).toMatchObject({ stdout: '0\n', stderr: '' })
    const begun = performance.now()
    const environment = {
      THREADMETER_DIR: temporaryDirectory(),
      THREADMETER_SERVE: 'off',
      THREADMETER_INTERVAL: '60000',
    }
    expect(await evaluate(IMPORTS, environment)).toMatchObject({ stdout: '1\n', stderr: '' })
    expect(performance.now() - begun).toBeLessThan(20_000)
  })

  it('warns once of an interval that cannot be used, and goes on with the default', async () => {
    const directory = temporaryDirectory()
    const outputs = ['often', '0', '-5', '1e3', '99999999999'].map((text) =>
      evaluate(IMPORTS, {
        THREADMETER_DIR: directory,
        THREADMETER_SERVE: 'off',
        THREADMETER_INTERVAL: text,
      }),
    )
    for (const { stdout, stderr } of await Promise.all(outputs)) {
      expect(stderr.match(/"THREADMETER_INTERVAL"/g)?.length).toBe(1)
      expect(stdout).toBe('1\n')
    }
  })

  it('takes along what a worker had counted before there was an observer', async () => {
    const { stdout } = await run([fixture('before-observer.mjs'), temporaryDirectory()], {})
    const [shown, end] = stdout.trim().split('\n')
    expect(JSON.parse(shown)).toEqual({ first: '1', last: '11' })
    expect(end).toBe('ended')
  })

  it('costs an idle thread less than 200 µs of CPU time at a time', async () => {
    const [interval, ms, workers] = [10, 1000, 3]
    const { stdout } = await run([fixture('idle-cost.mjs'), `${ms}`, `${workers}`], {
      THREADMETER_DIR: temporaryDirectory(),
      THREADMETER_INTERVAL: `${interval}`,
    })
    const { reporting, empty } = JSON.parse(stdout) as { reporting: number[]; empty: number[] }
    // The least of several: what else a thread did in that time has nothing to do with it.
    const more = Math.min(...reporting) - Math.min(...empty)
    const microsPerReport = (more * 1000) / (ms / interval)
    expect(microsPerReport).toBeGreaterThan(0)
    expect(microsPerReport).toBeLessThan(200)
  })
})
