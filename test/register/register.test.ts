import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { Running, runtimeDirectory, samplesOf } from '../observer/running.js'

const fixture = (name: string): string =>
  fileURLToPath(new URL(`fixtures/${name}.mjs`, import.meta.url))

const IMPORT = ['--import', 'threadmeter/register']

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function until<T>(what: () => Promise<T | undefined>, ms = 8000): Promise<T> {
  for (const deadline = performance.now() + ms; ; ) {
    const found = await what().catch(() => undefined)
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error('in vain')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

const scrapeOf = async (port: number): Promise<Map<string, number>> =>
  samplesOf(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text())

/** A scrape that shows what is waited for. */
const scrapeUntil = (
  port: number,
  shows: (samples: Map<string, number>) => boolean,
): Promise<Map<string, number>> =>
  until(async () => {
    const samples = await scrapeOf(port)
    return shows(samples) ? samples : undefined
  })

/** Whose heaps are told, as `process/thread`: only a thread itself knows its heap. */
const reporting = (samples: Map<string, number>): string[] =>
  [...samples.keys()]
    .flatMap((name) => {
      const [, thread, process] =
        /^nodejs_thread_heap_used_bytes\{thread="([^"]+)".*process="(\d+)"/.exec(name) ?? []
      return thread === undefined ? [] : [`${process}/${thread}`]
    })
    .sort()

interface Idle {
  warnings: { name: string; code: string; message: string }[]
  meterFiles: { available: boolean; reason?: string }
}

/** What Node wrote for warnings that came before the program could listen for them. */
const warningsIn = (errors: string): string[] =>
  errors.split('\n').filter((line) => line.includes('ThreadmeterWarning'))

describe('a program that is preloaded', () => {
  const named = expect.stringMatching(/^0\/of-a-file|0\/worker-\d+$/)

  it.each([
    ['--import', { nodeArgs: IMPORT, env: {} }, 2],
    ['NODE_OPTIONS', { nodeArgs: [], env: { NODE_OPTIONS: '--require threadmeter/register' } }, 4],
  ])('reports from all threads that %s reaches', async (_, { nodeArgs, env }, inPrimary) => {
    const port = await freePort()
    const program = new Running([...nodeArgs, fixture('service')], {
      ...env,
      THREADMETER_PORT: String(port),
    })
    const pids = await program.hear<number[]>()
    const expected = inPrimary - 1
    const samples = await scrapeUntil(port, (shown) => reporting(shown).length >= expected + 3)
    const threads = reporting(samples)
    expect(threads.filter((one) => one.startsWith('0/'))).toHaveLength(inPrimary)
    expect(threads).toEqual(expect.arrayContaining(['0/main', '1/main', '2/main', named]))
    expect(threads).toHaveLength(inPrimary + 2)
    const shown = (await (await fetch(`http://127.0.0.1:${port}/threads`)).json()) as {
      threads: { pid: number; tid: number }[]
    }
    const processes = new Set(shown.threads.map(({ pid }) => pid))
    expect(processes).toEqual(new Set([program.pid, ...pids]))
    program.letGo()
    expect((await program.ended).code).toBe(0)
    expect(program.errors).toBe('')
  })

  it('is not kept alive, and not changed', async () => {
    const program = new Running(
      [...IMPORT, '--input-type=module', '--eval', 'process.exitCode = 3'],
      {
        THREADMETER_PORT: '0',
      },
    )
    expect(await program.ended).toMatchObject({ code: 3, signal: null })
    expect(program.errors).toBe('')
  })

  it('is warned once when the port is taken, and goes on', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const program = new Running([...IMPORT, fixture('idle')], { THREADMETER_PORT: String(port) })
    const { warnings, meterFiles } = await program.hear<Idle>()
    server.close()
    expect(warnings).toEqual([
      {
        name: 'ThreadmeterWarning',
        code: 'ERR_THREADMETER_LISTEN',
        message: expect.stringMatching(/EADDRINUSE.*THREADMETER_PORT.*THREADMETER_SERVE=off/),
      },
    ])
    expect(meterFiles.available).toBe(true)
    program.letGo()
    expect((await program.ended).code).toBe(0)
  })

  it('is told what of its environment cannot be used, and goes on without', async () => {
    const nowhere = fileURLToPath(new URL('nowhere', import.meta.url))
    const [unclear, onDisk] = [{ THREADMETER_SERVE: 'perhaps' }, { THREADMETER_DIR: nowhere }].map(
      (env) => new Running([...IMPORT, fixture('idle')], { THREADMETER_PORT: '0', ...env }),
    )
    expect((await unclear.hear<Idle>()).meterFiles.available).toBe(true)
    expect(warningsIn(unclear.errors)).toEqual([
      expect.stringContaining('"THREADMETER_SERVE" must be on or off. Received \'perhaps\''),
    ])
    expect((await onDisk.hear<Idle>()).meterFiles.available).toBe(false)
    expect(warningsIn(onDisk.errors)).toEqual([expect.stringContaining('is not on tmpfs')])
  })

  it('serves nothing where it is told so, nor as npm', async () => {
    const silent = [
      [fixture('idle'), { THREADMETER_SERVE: 'off' }],
      [fixture('npm-cli'), {}],
    ] as const
    const each = silent.map(async ([script, env]) => {
      const port = await freePort()
      const program = new Running([...IMPORT, script], { THREADMETER_PORT: `${port}`, ...env })
      const { warnings } = await program.hear<Idle>()
      expect(warnings).toEqual([])
      await expect(scrapeOf(port)).rejects.toThrow('fetch failed')
    })
    await Promise.all(each)
  })
})

it('lets one process of a service observe, and another when that is gone', async () => {
  const env = { THREADMETER_DIR: runtimeDirectory(), THREADMETER_PORT: `${await freePort()}` }
  const port = Number(env.THREADMETER_PORT)
  const first = new Running([...IMPORT, fixture('idle')], env)
  expect((await first.hear<Idle>()).warnings).toEqual([])
  const second = new Running([...IMPORT, fixture('idle')], env)
  expect((await second.hear<Idle>()).warnings).toEqual([])
  const pids = async (): Promise<Set<number>> => {
    const answer = await fetch(`http://127.0.0.1:${port}/threads`)
    const { threads } = (await answer.json()) as { threads: { pid: number }[] }
    return new Set(threads.map(({ pid }) => pid))
  }
  expect(await until(pids)).toEqual(new Set([first.pid, second.pid]))
  process.kill(first.pid, 'SIGKILL')
  await first.ended
  expect(await until(pids)).toEqual(new Set([second.pid]))
})
