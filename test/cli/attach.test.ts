import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { listeningSockets } from '../../dist/diagnostics/attach/listening.js'
import type { CpuProfile, StackReport } from '../../dist/diagnostics/model.js'
import { compileC } from '../fixtures/compile.js'
import { cleanEnvironment } from '../fixtures/run.js'
import { Running, run } from './running.js'
import { stuckService } from './stuck-service.js'
import { temporaryFolder } from './temporary-folder.js'

const PROGRAM = fileURLToPath(new URL('../diagnostics/fixtures/attach-app.mjs', import.meta.url))

// A free port: others on this machine may be at 9229.
const ANY_PORT = '--inspect-port=0'

interface App {
  readonly pid: number
  readonly child: ChildProcess
  readonly output: () => string
}

type Doing = 'idle' | 'spin' | 'native' | 'exit' | 'handler' | 'slow'

/** Starts a program that loads nothing; resolves a little after its threads do what they are told. */
async function app(doing: Doing, env: NodeJS.ProcessEnv = {}, ...options: string[]): Promise<App> {
  const args = [...(options.length > 0 ? options : [ANY_PORT]), PROGRAM, doing]
  const child = spawn(process.execPath, args, { env: { ...cleanEnvironment(), ...env } })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  child.stderr.resume()
  await once(child.stdout, 'data')
  await sleep(300)
  return { pid: child.pid as number, child, output: () => output }
}

const attach = (pid: number, ...args: string[]) => run(['attach', String(pid), ...args])

/** Resolves when `what` holds; the test's time-out bounds it. */
async function eventually(what: () => boolean): Promise<void> {
  while (!what()) await sleep(20)
}

const isAlive = ({ child }: App): boolean => child.exitCode === null && child.signalCode === null

const WARNING =
  /opening the debugging port of process \d+ .* by SIGUSR1[\s\S]*anyone on this\nmachine/

const lineOf = (text: string): number =>
  readFileSync(PROGRAM, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text)) + 1

it('shows what the threads of a blocked process do, again and again, and leaves no port', async () => {
  const blocked = await app('spin')
  for (const _ of [1, 2]) {
    const { code, output, errors } = await attach(blocked.pid, '--json')
    expect(code).toBe(0)
    expect(errors).toMatch(WARNING)
    const reports = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as StackReport)
    expect(reports.map(({ thread: { name }, state }) => [name, state])).toEqual([
      ['main', 'javascript'],
      ['crunch', 'javascript'],
      ['mail', 'idle'],
    ])
    for (const { frames } of reports.slice(0, 2)) {
      expect(frames[0]).toMatchObject({
        functionName: 'spin',
        lineNumber: lineOf('for (const end'),
      })
    }
    for (const { thread, route, program, versions } of reports) {
      expect({ route, program, node: versions.node, pid: thread.pid }).toEqual({
        ...{ route: 'port', program: PROGRAM },
        ...{ node: process.version, pid: blocked.pid },
      })
      // The kernel knows the thread by that number.
      expect(existsSync(`/proc/${blocked.pid}/task/${thread.tid}`)).toBe(true)
    }
    expect(listeningSockets(blocked.pid)).toEqual([])
  }
  expect(isAlive(blocked)).toBe(true)
})

it('takes profiles, heap snapshots and collections', async () => {
  const { pid } = await app('idle')
  const cwd = temporaryFolder()
  const asked = (...args: string[]) => run(['attach', String(pid), ...args], { cwd })
  expect((await asked('profile', 'crunch', '-s', '0.5', '-o', 'crunch')).code).toBe(0)
  const profile = JSON.parse(readFileSync(join(cwd, 'crunch'), 'utf8')) as CpuProfile
  expect(profile.threadmeter).toMatchObject({ route: 'port', partial: null })
  expect(profile.threadmeter.window.cpuSeconds).toBeGreaterThan(0)
  const spinning = profile.nodes.filter(({ callFrame }) => callFrame.functionName === 'spin')
  const hits = spinning.reduce((sum, { hitCount = 0 }) => sum + hitCount, 0)
  expect(hits / profile.samples.length).toBeGreaterThan(0.5)
  expect((await asked('heap-snapshot', '-o', 'heap')).code).toBe(0)
  const heap = JSON.parse(readFileSync(join(cwd, 'heap'), 'utf8'))
  expect(heap.snapshot.node_count).toBeGreaterThan(1000)
  const gc = await asked('gc', '-s', '0.2', '--json')
  expect(JSON.parse(gc.output).threadmeter).toMatchObject({ kind: 'gc-profile', route: 'port' })
  expect((await asked('heap-profile', 'mail', '-s', '0.2', '-o', 'heap-profile')).code).toBe(0)
  expect(readdirSync(cwd).sort()).toEqual(['crunch', 'heap', 'heap-profile'])
  expect(listeningSockets(pid)).toEqual([])
})

it('takes no coverage from a process that collects it', async () => {
  const cwd = temporaryFolder()
  const { pid, child } = await app('exit', { NODE_V8_COVERAGE: cwd })
  const { code } = await attach(pid, 'profile', '-s', '0.3', '-o', join(cwd, 'profile'))
  expect(code).toBe(0)
  await once(child, 'exit')
  const [name] = readdirSync(cwd).filter((each) => each.startsWith(`coverage-${pid}-`))
  const { result } = JSON.parse(readFileSync(join(cwd, name as string), 'utf8'))
  const own = result.find(({ url }: { url: string }) => url.endsWith('/attach-app.mjs'))
  const begin = own.functions.find(
    ({ functionName }: { functionName: string }) => functionName === 'begin',
  )
  expect(begin.ranges[0].count).toBe(1)
})

it('closes the port when Ctrl-C, the time or a mistake ends it early', async () => {
  const { pid } = await app('spin')
  const cwd = temporaryFolder()
  const args = ['attach', String(pid), 'profile', '-s', '20', '-o', 'early']
  const stopped = new Running(args, { cwd })
  await stopped.untilError(/profiling main/)
  expect(listeningSockets(pid)).toHaveLength(1)
  await sleep(300)
  stopped.child.kill('SIGINT')
  expect((await stopped.end()).code).toBe(0)
  expect(listeningSockets(pid)).toEqual([])
  const early = JSON.parse(readFileSync(join(cwd, 'early'), 'utf8')) as CpuProfile
  expect(early.threadmeter.partial).toBe('aborted')
  const late = await attach(pid, 'profile', '-s', '20', '--timeout', '1', '-o', join(cwd, 'late'))
  expect(late).toMatchObject({ code: 1, errors: expect.stringContaining('not done within 1 s') })
  expect(listeningSockets(pid)).toEqual([])
  const nobody = await attach(pid, 'stack', 'nobody')
  expect(nobody).toMatchObject({ code: 1, errors: expect.stringContaining('no thread nobody') })
  expect(listeningSockets(pid)).toEqual([])
  expect(readdirSync(cwd)).toEqual(['early'])
})

it.each(['stdout', 'stderr'] as const)('closes the port when nobody reads its %s', async (name) => {
  const { pid } = await app('idle')
  const unread = new Running([
    'attach',
    String(pid),
    'profile',
    '-s',
    '0.3',
    '-F',
    'folded',
    '-o',
    '-',
  ])
  unread.child[name]?.destroy()
  const { code, output, errors } = await unread.end()
  expect({ code, left: listeningSockets(pid) }).toEqual({ code: 0, left: [] })
  expect(name === 'stdout' ? errors : output).not.toBe('')
})

it('closes the port when its terminal is closed, and writes what there is', async () => {
  const { pid } = await app('idle')
  const path = join(temporaryFolder(), 'early')
  const pty = compileC('../examples/pty.c')
  onTestFinished(() => pty.remove())
  const args = ['attach', String(pid), 'profile', '-s', '20', '-o', path]
  const terminal = new Running(args, { wrapper: [pty.path, '24x80'] })
  await terminal.until(/profiling/)
  expect(listeningSockets(pid)).toHaveLength(1)
  await sleep(500)
  terminal.child.kill('SIGKILL')
  await eventually(() => listeningSockets(pid).length === 0 && existsSync(path))
})

it('closes the port before it ends by SIGQUIT', async () => {
  const { pid } = await app('idle')
  const args = ['attach', String(pid), 'profile', '-s', '20', '-o', '-']
  const quitting = new Running(args, { cwd: temporaryFolder() })
  await quitting.untilError(/profiling main/)
  quitting.child.kill('SIGQUIT')
  await quitting.end()
  expect(quitting.child.signalCode).toBe('SIGQUIT')
  expect(listeningSockets(pid)).toEqual([])
})

it('takes a port that is slow to answer for the one that it opened', async () => {
  const { pid } = await app('slow')
  const { errors } = await attach(pid, 'stack', 'main')
  // Over the session that it was given.
  expect(errors).toMatch(/the connection (?:failed|was closed)/)
  expect(errors).not.toContain('open already')
  expect(listeningSockets(pid)).toEqual([])
})

it('does not keep a process from its exit, and keeps the profile until then', async () => {
  const { pid, child } = await app('exit')
  const ended = once(child, 'exit')
  const { code, output } = await attach(pid, 'profile', '-s', '20', '-F', 'folded', '-o', '-')
  expect(code).toBe(4)
  expect(output).toMatch(/^\S+ \d+$/m)
  expect(await ended).toEqual([7, null])
})

it('says what a native call is in, or waits for its return, and closes the port then', async () => {
  const [blocked, waited] = await Promise.all([app('native'), app('native')])
  const waiting = attach(waited.pid, 'stack', 'main', '--wait', '20')
  const { code, errors } = await attach(blocked.pid, 'stack', 'main')
  expect(code).toBe(3)
  expect(errors).toMatch(/in a native call, .*in e?poll\w*\(2\)/)
  expect(errors).toMatch(/may yet open: waiting up to/)
  expect(listeningSockets(blocked.pid)).toEqual([])
  const later = await waiting
  expect(later).toMatchObject({
    code: 0,
    errors: expect.stringMatching(/waiting for main: .*poll/),
  })
  expect(later.output).toMatch(/^main {2}thread 0/m)
  expect(listeningSockets(waited.pid)).toEqual([])
})

it('works where another attach was killed', async () => {
  const { pid } = await app('idle')
  const killed = new Running(['attach', String(pid), 'profile', '-s', '20', '-o', '-'])
  await killed.untilError(/profiling main/)
  // Where the program runs in a second process, that one hears of the end of the first one.
  killed.child.kill('SIGKILL')
  await killed.end()
  const { code, output } = await attach(pid, 'mail')
  expect(code).toBe(0)
  expect(output).toMatch(/^mail .* idle$/m)
})

it('uses a port that is open already, and leaves it open', async () => {
  const { pid } = await app('idle', {}, '--inspect=127.0.0.1:0')
  const before = listeningSockets(pid)
  expect(before).toHaveLength(1)
  const { code, output, errors } = await attach(pid, 'mail')
  expect(code).toBe(0)
  expect(errors).toMatch(/^threadmeter: using the debugging port .* open already and stays open\n$/)
  expect(output).toMatch(/^mail .* idle$/m)
  expect(listeningSockets(pid)).toEqual(before)
})

it('sends no signal where it would do harm or nothing', async () => {
  const other = spawn('sleep', ['30'])
  onTestFinished(() => void other.kill('SIGKILL'))
  const no = await attach(other.pid as number)
  expect(no).toMatchObject({ code: 1, output: '' })
  expect(no.errors).toMatch(
    /^threadmeter: cannot attach to process \d+: it does not run Node\.js\n$/,
  )
  expect(other.exitCode ?? other.signalCode).toBe(null)

  const server = createServer()
  onTestFinished(() => void server.close())
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as { port: number }
  const taken = await app('idle', {}, `--inspect-port=${port}`)
  const busy = await attach(taken.pid)
  expect(busy.errors).toBe(
    `threadmeter: cannot attach to process ${taken.pid}: it would open its debugging port at 127.0.0.1:${port}, where process ${process.pid} listens already\n`,
  )
  expect(isAlive(taken)).toBe(true)

  const answering = await stuckService({ main: 'idle' })
  const before = listeningSockets(answering.pid)
  const told = await attach(answering.pid, 'profile')
  expect(told.errors).toContain(`\n  threadmeter profile ${answering.pid}\n`)
  expect(listeningSockets(answering.pid)).toEqual(before)
})

const SIGNAL_OPTIONS = [
  ['--disable-sigusr1', '--disable-sigusr1'],
  ['--permission', '--permission', '--allow-fs-read=*', '--allow-worker'],
  ['--permission', '--experimental-permission', '--allow-fs-read=*', '--allow-worker'],
].filter(([, option]) => process.allowedNodeEnvironmentFlags.has(option as string))

it.runIf(SIGNAL_OPTIONS.length > 0)('does not kill what was told not to listen', async () => {
  for (const [name, ...options] of SIGNAL_OPTIONS) {
    const deaf = await app('idle', {}, ...options)
    const { code, errors } = await attach(deaf.pid)
    expect({ code, errors }).toEqual({
      code: 1,
      errors: expect.stringContaining(`: it was started with ${name}`),
    })
    expect(isAlive(deaf)).toBe(true)
  }
})

it('tells of a program that handles the signal itself', async () => {
  const handler = await app('handler')
  const { code, errors } = await attach(handler.pid)
  expect(code).toBe(1)
  expect(errors).toContain('the program seems to handle that signal itself')
  expect(handler.output()).toContain('handled')
})

it('explains mistakes', async () => {
  const said = async (...args: string[]) => (await run(['attach', ...args])).errors.split('\n')[0]
  expect(await said()).toBe('threadmeter attach: A pid is needed')
  expect(await said('app.js')).toBe("threadmeter attach: 'app.js' is no pid")
  expect(await said('1', 'profile', '--full')).toBe(
    'threadmeter attach: --full is no option of profile',
  )
  expect(await said('1', 'stack', 'main', 'x')).toBe("threadmeter attach: Unexpected argument 'x'")
  expect(await said('1', 'main', 'x')).toBe("threadmeter attach: Unexpected argument 'x'")
  const free = readFileSync('/proc/sys/kernel/pid_max', 'latin1').trim()
  expect(await said(free)).toContain(`cannot attach to process ${free}: there is no such process`)
})
