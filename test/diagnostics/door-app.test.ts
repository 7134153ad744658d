import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { DoorClient } from '../../dist/diagnostics/door/client.js'
import { checkRequest } from '../../dist/diagnostics/request.js'
import { Running } from '../observer/running.js'
import { ask, directoryOfTest } from './door-running.js'

const APP = new URL('fixtures/door-app.mjs', import.meta.url).pathname

interface Ready {
  pid: number
  diagnostics: { available: true; source: string }
}

async function start(...args: string[]): Promise<{ app: Running; path: string; pid: number }> {
  const app = new Running([APP, ...args])
  const { pid, diagnostics } = await app.hear<Ready>()
  return { app, pid, path: diagnostics.source }
}

const settled = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))

/** Connections by the thousand, and nonsense over them, for a while. */
async function harass(path: string, forMs: number): Promise<number> {
  let connections = 0
  for (const end = performance.now() + forMs; performance.now() < end; ) {
    const sockets = Array.from({ length: 100 }, () => connect(path).on('error', () => {}))
    await Promise.all(sockets.map(settled))
    for (const socket of sockets) socket.end('GET /v2 HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n')
    connections += sockets.length
    await new Promise(setImmediate)
  }
  return connections
}

const MS = 1000

/** CPU time that the main thread of an app uses while something is done. */
async function cpuDuring(app: Running, work: () => Promise<unknown>): Promise<number> {
  const before = await app.ask<number>('cpu')
  await work()
  return (await app.ask<number>('cpu')) - before
}

const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, MS))

describe('an app whose socket is harassed', () => {
  it('does not notice', async () => {
    const { app, path, pid } = await start('worker')
    await app.ask('watch')
    const fds = await app.ask<number>('fds')
    const calm = await cpuDuring(app, rest)
    const calmDelay = await app.ask<number>('delay')
    let connections = 0
    const harassed = await cpuDuring(app, async () => {
      connections = await harass(path, MS)
    })
    expect(connections).toBeGreaterThan(1000)
    // It ticks once a ms all the time. One turn of its loop for each connection would be far more.
    expect(harassed).toBeLessThan(2 * calm)
    expect(await app.ask<number>('delay')).toBeLessThan(2 * calmDelay)
    // The last ones may still be waiting for their turn, and leave no room at first.
    expect((await new DoorClient(path).info()).pid).toBe(pid)
    // The answer above has gone over one.
    expect(await app.ask<number>('fds')).toBeLessThanOrEqual(fds + 2)
    app.letGo()
    expect((await app.ended).code).toBe(0)
  })
})

describe('an app that is asked by ten at once', () => {
  it('answers all of them', async () => {
    const { path, pid } = await start('worker')
    const kinds = ['stack', 'cpu-profile', 'heap-profile', 'gc-profile', 'heap-snapshot'] as const
    const answers = Array.from({ length: 10 }, async (_, n) => {
      const kind = kinds[n % 5]
      const thread = n < 5 ? 'main' : 'w'
      const request = checkRequest({ kind, thread, seconds: 0.2 })
      for await (const received of new DoorClient(path).capture(request)) {
        if ('error' in received) throw received.error
        const value = JSON.parse(Buffer.concat(await received.body.toArray()).toString())
        const { thread: captured } = received.details ?? value.threadmeter ?? value
        return [kind, captured.pid, captured.name]
      }
      return undefined
    })
    expect(await Promise.all(answers)).toEqual(
      Array.from({ length: 10 }, (_, n) => [kinds[n % 5], pid, n < 5 ? 'main' : 'w']),
    )
  })

  it('is not kept alive by those who hold connections, nor by who captures', async () => {
    const { app, path } = await start()
    const idle = connect(path).on('error', () => {})
    await settled(idle)
    const capture = ask(path, '/v1/cpu-profile?seconds=30').then(
      ({ body }) => JSON.parse(body.toString()).threadmeter.partial,
    )
    // One that has been answered came after it.
    await ask(path, '/v1')
    await new Promise((resolve) => setTimeout(resolve, 300))
    const asked = performance.timeOrigin + performance.now()
    app.letGo()
    const { code, at } = await app.ended
    expect(code).toBe(0)
    expect(at - asked).toBeLessThan(2000)
    expect(await capture).toBe('process ended')
    idle.destroy()
  })
})

it('a snapshot that cannot be written where it is wanted says so', async () => {
  const { path } = await start()
  const directories = ['/proc', '/nowhere/at/all', '/dev/null', '/dev/shm/../../etc/passwd/x']
  const answers = [...directories, `/${'x'.repeat(300)}`].map(async (directory) => {
    const query = `directory=${encodeURIComponent(directory)}`
    const { status, body } = await ask(path, `/v1/heap-snapshot?${query}`)
    return [status, JSON.parse(body.toString()).error.code]
  })
  const failed = [500, 'ERR_THREADMETER_CAPTURE_FAILED']
  // There is no room at all in /proc.
  const noRoom = [507, 'ERR_THREADMETER_NOT_ENOUGH_MEMORY']
  expect(await Promise.all(answers)).toEqual([noRoom, failed, failed, failed, failed])
  expect((await ask(path, '/v1/stack')).status).toBe(200)
})

it('snapshots that nobody takes any more are removed', async () => {
  const directory = directoryOfTest()
  const app = new Running([APP, 'worker'], { TMPDIR: directory })
  const { diagnostics } = await app.hear<Ready>()
  const files = (): string[] => readdirSync(directory, { recursive: true }) as string[]
  const snapshots = (): number => files().filter((name) => name.endsWith('.heapsnapshot')).length
  const request = checkRequest({ kind: 'heap-snapshot', thread: 'all' })
  for await (const received of new DoorClient(diagnostics.source).capture(request)) {
    expect(received).not.toHaveProperty('error')
    // The first is being sent, the second waits for that: both are there.
    await expect.poll(snapshots, { timeout: 10_000 }).toBe(2)
    break
  }
  await expect.poll(files, { timeout: 10_000 }).toEqual([])
})
