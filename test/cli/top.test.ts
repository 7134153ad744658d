import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it, onTestFinished } from 'vitest'
import type { ServiceThread } from '../../dist/observer/outside/index.js'
import { programOf } from '../../dist/observer/outside/process-files.js'
import { schedstat, state } from '../fixtures/proc.mjs'
import { onOneProcessor } from '../fixtures/run.js'
import { ServiceProcess, temporaryDirectory } from '../observer/service.js'
import { Running, run } from './running.js'

interface Document {
  title: string
  interval: number
  threads: ServiceThread[]
}

const documentOf = (output: string): Document => {
  expect(output.match(/\n/g)).toHaveLength(1)
  return JSON.parse(output)
}

function start(command: string, ...args: string[]): number {
  const child = spawn(command, args, { stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child.pid as number
}

const tidsOf = (pid: number): number[] =>
  execFileSync('ps', ['-L', '-o', 'tid=', '-p', String(pid)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number)

it('tells of a service what ps and schedstat tell, by pid and by directory', async () => {
  const dir = temporaryDirectory()
  const { pid, tids, ...service } = await startBusyService(dir)
  const [busy, held] = [tids.get('busy') as number, tids.get('held') as number]
  const before = schedstat(busy, pid).run
  const [byPid, byDirectory] = await Promise.all([
    run(['top', '--once', '--json', '--interval', '0.5', String(pid)]),
    run(['top', '--once', '--json', '--interval', '0.5', dir]),
  ])
  const used = schedstat(busy, pid).run - before
  for (const { code, output, errors } of [byPid, byDirectory]) {
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
    const { threads } = documentOf(output)
    expect(threads.map(({ tid }) => tid).sort()).toEqual(tidsOf(pid).sort())
    const of = (tid: number) => threads.find((thread) => thread.tid === tid) as ServiceThread
    expect(of(held)).toMatchObject({ name: 'held', role: 'worker', verdict: 'blocked', state: 'S' })
    expect(of(held).cpuTime * 1e9).toBeCloseTo(schedstat(held, pid).run, 0)
    expect(of(held).cpu).toBe(0)
    expect(of(busy)).toMatchObject({ name: 'busy', pid, process: service.slot })
    expect(of(busy).cpuTime * 1e9).toBeGreaterThanOrEqual(before)
    expect(of(busy).cpuTime * 1e9).toBeLessThanOrEqual(before + used)
    // Half a second of a longer time.
    const cpu = of(busy).cpu as number
    expect(cpu).toBeGreaterThan(0)
    expect(cpu * 0.5e9).toBeLessThanOrEqual(used * 1.05)
    expect((of(busy).user as number) + (of(busy).system as number)).toBeCloseTo(cpu, 6)
  }
})

async function startBusyService(dir: string): Promise<ServiceProcess> {
  const service = await ServiceProcess.start(dir, ['busy', 'held'], { interval: 100 })
  await service.tell('held', 'hold', 60_000)
  await service.tell('busy', 'burn', 20_000)
  while (state(service.tids.get('held') as number, service.pid) !== 'S') await tick()
  await new Promise((resolve) => setTimeout(resolve, 300))
  return service
}

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

it('shows processes that are no Node.js', async () => {
  const LOOP = 'while :; do :; done'
  const [sleeping, looping] = [start('sleep', '60'), start('sh', '-c', LOOP)]
  // Two that share a processor.
  const [command, ...args] = onOneProcessor() as [string, ...string[]]
  const sharing = [1, 2].map(() => start(command, ...args, 'sh', '-c', LOOP))
  const looks = await Promise.all(
    [sleeping, looping, ...sharing].map((pid) =>
      run(['top', '--once', '--json', '--interval', '0.5', String(pid)]),
    ),
  )
  const [asleep, busy, ...crowded] = looks.map(({ output }) => documentOf(output).threads)
  expect(asleep).toHaveLength(1)
  expect(asleep?.[0]).toMatchObject({
    ...{ pid: sleeping, tid: sleeping, process: null, program: 'sleep', role: 'main' },
    ...{
      cpu: 0,
      verdict: 'idle',
      state: 'S',
      eventLoopUtilization: null,
      stalled: null,
      heap: null,
    },
  })
  expect(busy?.[0]?.program).toBe('sh')
  expect(['busy', 'starved']).toContain(busy?.[0]?.verdict)
  const [{ cpu, runDelay }] = busy as [ServiceThread]
  expect((cpu as number) + (runDelay as number)).toBeGreaterThan(0.8)
  expect(crowded.map((threads) => threads[0]?.verdict)).toEqual(['starved', 'starved'])
})

it('says why there is nothing to show', async () => {
  const gone = spawn('true')
  const pid = gone.pid as number
  await once(gone, 'exit')
  const empty = temporaryDirectory()
  const endings = await Promise.all([
    run(['top', '--once', String(pid)]),
    run(['top', '--once', '/dev/shm/threadmeter-no-such-directory']),
    run(['top', '--once', process.execPath]),
    run(['top', '--once', '0']),
    run(['top', empty]),
    run(['top', '--once', '--interval', '0.1', empty], { env: { THREADMETER_DIR: empty } }),
  ])
  expect(endings.map(({ code }) => code)).toEqual([1, 1, 1, 1, 1, 1])
  expect(endings.map(({ errors }) => errors)).toEqual([
    `threadmeter: there is no process ${pid}\n`,
    'threadmeter: there is no directory /dev/shm/threadmeter-no-such-directory\n',
    `threadmeter: ${process.execPath} is not a directory\n`,
    'threadmeter: there is no process 0\n',
    `threadmeter: ${empty} is no runtime directory: it has no meter files (threadmeter ps lists those there are)\n`,
    `threadmeter: no process can be seen in ${empty}\n`,
  ])
})

it('prints tables one after the other without a terminal, until the process has ended', async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' })
  const top = new Running(['top', '--interval', '0.1', String(child.pid)])
  await top.until(/(^thread .*\nmain .*\n[\s\S]*){2}/m)
  child.kill()
  const { code, output, errors } = await top.end()
  expect(code).toBe(0)
  expect(errors).toBe(`threadmeter: ${child.pid}  sleep has ended\n`)
  expect(output).not.toContain('\x1b')
  expect(output).toMatch(/^1 thread in 1 process {2}0\.00 of \d+ processors {2}1 idle$/m)
})

it('names the script that Node runs, not what is preloaded', () => {
  const pids = [
    start(process.execPath, '--require', 'node:fs', '--no-warnings', 'sleeper.mjs'),
    start(process.execPath, '--import=node:fs', '-r', 'node:fs', 'sleeper.mjs'),
    start(process.execPath, '-r', 'node:fs', '-e', 'setTimeout(() => {}, 60_000)', 'x'),
  ]
  expect(pids.map(programOf)).toEqual(['sleeper.mjs', 'sleeper.mjs', 'node'])
})

it('sorts', async () => {
  const dir = temporaryDirectory()
  const service = await ServiceProcess.start(dir, ['b', 'c', 'a'])
  const sorts = ['name', 'pid', 'cpu'].map((sort) =>
    run(['top', '--once', '--interval', '0.2', '--sort', sort, dir], { env: { COLUMNS: '120' } }),
  )
  await service.tell('c', 'burn', 10_000)
  const [byName, byPid, byCpu] = (await Promise.all(sorts)).map(({ output }) => rowsOf(output))
  const names = byName?.map(([name]) => name) as string[]
  expect(names.filter((name) => /^[abc]$/.test(name))).toEqual(['a', 'b', 'c'])
  const lower = names.map((name) => name.toLowerCase())
  expect(lower).toEqual(lower.toSorted())
  const tids = byPid?.map(([, tid]) => Number(tid)) as number[]
  expect(tids).toEqual(tids.toSorted((a, b) => a - b))
  expect(byCpu?.[0]?.[0]).toBe('c')
})

/** The words of the rows of the table. */
function rowsOf(output: string): string[][] {
  const lines = output.trimEnd().split('\n')
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(120)
  const head = lines.findIndex((line) => line.startsWith('thread '))
  return lines.slice(head + 1).map((line) => line.split(/\s+/))
}
