import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { listeningSockets } from '../../dist/diagnostics/attach/listening.js'
import { Running, runtimeDirectory } from '../observer/running.js'
import { ask, pause, socketIn, socketsIn } from './host-door.js'

const fixture = (name: string): string =>
  fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))

const APP = fixture('host-app.mjs')
const BLOCKED = fixture('host-blocked.cjs')
const FAILS_ONCE = `
  process.once('worker', (worker) => worker.terminate())
  const { enableDiagnostics } = await import('threadmeter/diagnostics')
  const { capabilities } = await import('threadmeter')
  await enableDiagnostics()
  process.stdout.write(JSON.stringify(capabilities().diagnostics))`

const IMPORT = ['--import', 'threadmeter/register']

interface Stack {
  state: string
  frames: { functionName: string }[]
}

async function guiltyOf(socket: string): Promise<string | undefined> {
  const { body } = await ask<Stack>(socket, '/v1/stack?thread=main')
  return body.frames[0]?.functionName
}

async function takenPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return String((server.address() as { port: number }).port)
}

async function app(args: string[], env: Record<string, string> = {}): Promise<Running> {
  const program = new Running([...args, APP], { THREADMETER_PORT: '0', ...env })
  await program.hear()
  return program
}

type Capability = { available: boolean; source?: string; reason?: string }

const diagnosticsOf = (program: Running): Promise<Capability> =>
  program.ask('return capabilities().diagnostics')

async function untilReady(program: Running): Promise<string> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const { available, source } = await diagnosticsOf(program)
    if (available) return source as string
    await pause(20)
  }
  throw new Error(JSON.stringify(await diagnosticsOf(program)))
}

/** Of the first answer: nobody listens until the next thread does. */
async function statusAgain(socket: string): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await ask(socket, '/v1')).status
    } catch (error) {
      if (attempt === 200) throw error
      await pause(20)
    }
  }
}

describe('a program that blocks in its first turn', () => {
  it.each([
    ['--require', 'on'],
    ['--require', 'off'],
    ['--import', 'on'],
    ['--import', 'off'],
  ])('is reached, preloaded by %s and serving %s', async (how, serve) => {
    const directory = runtimeDirectory()
    const env = { THREADMETER_DIR: directory, THREADMETER_SERVE: serve, THREADMETER_PORT: '0' }
    new Running([how, 'threadmeter/register', BLOCKED], env)
    expect(await guiltyOf(await socketIn(directory))).toBe('guilty')
  })

  it('is reached where its observer is refused', async () => {
    const directory = runtimeDirectory()
    const env = { THREADMETER_DIR: directory, THREADMETER_PORT: await takenPort() }
    new Running([...IMPORT, BLOCKED], env)
    const socket = await socketIn(directory)
    expect(await guiltyOf(socket)).toBe('guilty')
    // By now the observer has ended; what lives in its thread has not.
    await pause(500)
    expect(await guiltyOf(socket)).toBe('guilty')
  })
})

describe('the helper', () => {
  it.each(['on', 'off'])('is no thread of the application, serving %s', async (serve) => {
    const program = await app(IMPORT, { THREADMETER_SERVE: serve })
    const socket = await untilReady(program)
    const roles = await program.ask<string[]>('return threads().map(({ role }) => role)')
    expect(roles.filter((role) => role === 'observer')).toHaveLength(1)
    expect(roles).not.toContain('worker')
    const { body } = await ask<{ threads: { name: string }[] }>(socket, '/v1/threads')
    expect(body.threads.map(({ name }) => name)).toEqual(['main'])
  })

  it('listens on no port, and is not behind that of the metrics', async () => {
    const [alone, observed] = await Promise.all(
      ['off', 'on'].map((serve) => app(IMPORT, { THREADMETER_SERVE: serve })),
    )
    await Promise.all([alone, observed].map((program) => untilReady(program as Running)))
    expect(listeningSockets((alone as Running).pid)).toEqual([])
    const [metrics, ...others] = listeningSockets((observed as Running).pid)
    expect(others).toEqual([])
    const url = `http://127.0.0.1:${metrics?.port}`
    expect((await fetch(`${url}/metrics`)).status).toBe(200)
    for (const path of ['/v1', '/v1/stack']) expect((await fetch(url + path)).status).toBe(404)
  })

  it('is given no preload of the program', async () => {
    const preload = `data:text/javascript,process._rawDebug('preloaded')`
    const program = await app([], {
      NODE_OPTIONS: `--import=${preload} --import=threadmeter/register`,
      THREADMETER_SERVE: 'off',
    })
    const socket = await untilReady(program)
    expect((await ask(socket, '/v1/stack?thread=main')).status).toBe(200)
    expect(program.errors.match(/preloaded/g)).toHaveLength(1)
  })

  it('is missing with a reason where Node has no inspector', async () => {
    const without = `Object.defineProperty(process.features, 'inspector', { value: false })`
    const program = await app(['--import', `data:text/javascript,${without}`, ...IMPORT])
    const reason = 'this Node is built without an inspector'
    expect(await diagnosticsOf(program)).toEqual({ available: false, reason })
    expect(program.errors).toBe('')
    program.letGo()
    expect((await program.ended).code).toBe(0)
  })

  it('is started by enableDiagnostics(), once', async () => {
    const program = await app([])
    expect(await diagnosticsOf(program)).toMatchObject({ available: false })
    const enable = `await (await import('threadmeter/diagnostics')).enableDiagnostics()
      return capabilities().diagnostics`.replace('\n', ';')
    const first = await program.ask<Capability>(enable)
    expect(first.available).toBe(true)
    expect(await program.ask(enable)).toEqual(first)
    expect(await program.ask(`return threads().length`)).toBeGreaterThan(1)
    program.letGo()
    expect((await program.ended).code).toBe(0)
    expect(socketsIn(join(first.source as string, '..'))).toEqual([])
  })

  it("comes back when its thread ends, its own or an observer's", async () => {
    for (const serve of ['on', 'off']) {
      const made = `process.on('worker', (worker) => { globalThis.helper = worker })`
      const before = ['--import', `data:text/javascript,${encodeURIComponent(made)}`]
      const program = await app([...before, ...IMPORT], { THREADMETER_SERVE: serve })
      const socket = await untilReady(program)
      await program.ask('await globalThis.helper.terminate()')
      expect(await statusAgain(socket)).toBe(200)
      expect(await untilReady(program)).toBe(socket)
    }
  })

  it('is waited for, also where its first thread fails and nothing else keeps the process', async () => {
    const program = new Running(['--input-type=module', '--eval', FAILS_ONCE])
    expect(await program.hear()).toMatchObject({ available: true })
    expect((await program.ended).code).toBe(0)
  })

  it('stays away where it is told to, and as npm', async () => {
    const off = await app(IMPORT, { THREADMETER_DIAGNOSTICS: 'off' })
    await pause(300)
    expect(await diagnosticsOf(off)).toMatchObject({ available: false })
    const directory = runtimeDirectory()
    const npm = fileURLToPath(new URL('../register/fixtures/npm-cli.mjs', import.meta.url))
    const starter = new Running([...IMPORT, npm], { THREADMETER_DIR: directory })
    await starter.hear()
    expect(readdirSync(directory)).toEqual([])
  })

  it('tells of a setting that it does not understand', async () => {
    const program = await app(IMPORT, { THREADMETER_DIAGNOSTICS: 'maybe' })
    await untilReady(program)
    expect(program.errors).toContain('"THREADMETER_DIAGNOSTICS" must be on or off')
  })

  it('has its socket below the temporary directory where there is no runtime directory', async () => {
    const temporary = mkdtempSync(join(tmpdir(), 'threadmeter-test-'))
    onTestFinished(() => rmSync(temporary, { recursive: true, force: true }))
    const env = { THREADMETER_DIR: join(temporary, 'on-disk'), TMPDIR: temporary }
    const program = await app(IMPORT, env)
    const socket = await untilReady(program)
    expect(socket.startsWith(`${temporary}/`)).toBe(true)
    expect((await ask(socket, '/v1')).status).toBe(200)
  })

  it('writes no coverage of its own', async () => {
    const coverage = runtimeDirectory()
    const program = await app(IMPORT, { NODE_V8_COVERAGE: coverage })
    const socket = await untilReady(program)
    expect((await ask(socket, '/v1/stack?thread=main')).status).toBe(200)
    program.letGo()
    expect((await program.ended).code).toBe(0)
    expect(readdirSync(coverage)).toHaveLength(1)
  })

  it('is missing with a reason, and nothing else, where threads are forbidden', async () => {
    const flags = ['--permission', '--experimental-permission']
    const flag = flags.find((one) => process.allowedNodeEnvironmentFlags.has(one)) as string
    const addons = process.allowedNodeEnvironmentFlags.has('--allow-addons')
      ? ['--allow-addons']
      : []
    const args = [flag, '--allow-fs-read=*', '--allow-fs-write=*', ...addons, ...IMPORT]
    const program = await app(args, { THREADMETER_SERVE: 'off' })
    expect(await diagnosticsOf(program)).toEqual({
      available: false,
      reason: 'the permission model needs --allow-worker',
    })
    const warnings = program.errors.split('\n').filter((line) => line.includes('Threadmeter'))
    expect(warnings.filter((line) => !line.includes('keep their metrics'))).toEqual([])
    program.letGo()
    expect((await program.ended).code).toBe(0)
  })
})
