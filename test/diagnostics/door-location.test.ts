import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { DoorClient } from '../../dist/diagnostics/door/client.js'
import {
  doorOf,
  doorPath,
  fallbackDirectory,
  findDoors,
} from '../../dist/diagnostics/door/location.js'
import { openDoor } from '../../dist/diagnostics/door/server.js'
import { removeDeadSiblings } from '../../dist/meter/cleaning.js'
import { appIn } from './door-app.js'
import { directoryOfTest, doorOfTest, echo, engineOf, INFO } from './door-running.js'

const uid = process.getuid?.() as number
const namespace = statSync('/proc/self/ns/pid').ino

describe('the socket', () => {
  it('is for its user alone', async () => {
    const directory = directoryOfTest()
    const { path } = await doorOfTest(echo, {}, join(directory, 'new'))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(join(directory, 'new')).mode & 0o777).toBe(0o700)
    expect(readdirSync(join(directory, 'new'))).toEqual([
      `${doorPath(directory).split('/').at(-1)}`,
    ])
  })

  it('is not opened where others could come in, or in a place that is another', async () => {
    const directory = directoryOfTest()
    mkdirSync(join(directory, 'open'))
    chmodSync(join(directory, 'open'), 0o755)
    symlinkSync(directory, join(directory, 'link'))
    writeFileSync(join(directory, 'file'), '')
    for (const [name, reason] of [
      ['open', /mode 0755/],
      ['link', /symbolic link/],
      ['file', /EEXIST|not a directory/],
    ] as const) {
      const path = doorPath(join(directory, name))
      await expect(openDoor(engineOf(echo), path, INFO)).rejects.toThrow(reason)
    }
    expect(readdirSync(directory).sort()).toEqual(['file', 'link', 'open'])
  })

  it.each([100, 108, 250, 900])('may lie %i characters deep', async (length) => {
    let directory = directoryOfTest()
    while (directory.length < length) {
      directory = join(directory, 'd'.repeat(Math.min(200, Math.max(1, length - directory.length))))
    }
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const { path } = await doorOfTest(echo, {}, directory)
    expect(path.length).toBeGreaterThan(length)
    expect(await new DoorClient(path).info()).toEqual(INFO)
    await doorOfTest(echo, {}, directory)
    expect(readdirSync(directory)).toHaveLength(1)
  })
})

/** A socket that nobody listens on any more, under the name of a process. */
async function leftBehind(directory: string, name: string): Promise<string> {
  const path = join(directory, name)
  const server = createServer().listen(path)
  await once(server, 'listening')
  renameSync(path, `${path}.kept`)
  server.close()
  await once(server, 'close')
  renameSync(`${path}.kept`, path)
  return path
}

describe('what dead processes left', () => {
  it('goes when another opens its socket beside it; what may be used stays', async () => {
    const directory = directoryOfTest()
    const dead = await leftBehind(directory, `1-1-${namespace}.sock`)
    const unfinished = await leftBehind(directory, `.1-1-${namespace}.sock`)
    const young = await leftBehind(directory, '1-1-1.sock')
    const old = await leftBehind(directory, '1-2-1.sock')
    const served = join(directory, '1-3-1.sock')
    const server = createServer((socket) => socket.end()).listen(served)
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    for (const path of [old, served]) utimesSync(path, 1, 1)
    writeFileSync(join(directory, 'a.sock'), '')
    await doorOfTest(echo, {}, directory)
    const there = [dead, unfinished, young, old, served, join(directory, 'a.sock')].map(existsSync)
    expect(there).toEqual([false, false, true, false, true, true])
  })

  it('does not keep the directory of a dead service', async () => {
    const parent = join(directoryOfTest(), `threadmeter-${uid}`)
    const [own, dead] = ['2-2', '1-1'].map((name) => join(parent, name)) as [string, string]
    for (const directory of [own, dead]) mkdirSync(directory, { recursive: true, mode: 0o700 })
    await leftBehind(dead, `1-1-${namespace}.sock`)
    removeDeadSiblings(own)
    expect(readdirSync(parent)).toEqual(['2-2'])
  })

  it('is not found', async () => {
    const directory = directoryOfTest()
    vi.stubEnv('THREADMETER_DIR', directory)
    onTestFinished(() => void vi.unstubAllEnvs())
    await leftBehind(directory, `1-1-${namespace}.sock`)
    const app = await appIn({ THREADMETER_DIR: directory })
    expect(findDoors().filter((door) => door.directory === directory)).toEqual([
      { pid: app.pid, path: app.path, directory, samePidNamespace: true },
    ])
    await app.end('SIGKILL')
    expect(existsSync(app.path)).toBe(true)
    expect(findDoors().filter((door) => door.directory === directory)).toEqual([])
    await expect(new DoorClient(app.path).info()).rejects.toMatchObject({
      code: 'ERR_THREADMETER_PROCESS_ENDED',
    })
  })
})

describe('the socket of a process', () => {
  it('is found wherever that keeps it', async () => {
    const [told, fallback] = [directoryOfTest(), directoryOfTest()]
    const apps = [
      await appIn({ THREADMETER_DIR: told }),
      // Neither is a place for meter files.
      await appIn({ THREADMETER_DIR: '/proc/nowhere', TMPDIR: fallback }),
    ]
    expect(apps.map(({ path }) => path.slice(0, path.lastIndexOf('/')))).toEqual([
      told,
      join(fallback, `threadmeter-${uid}`),
    ])
    for (const { pid, path } of apps) {
      expect(doorOf(pid)).toBe(path)
      expect((await new DoorClient(path).info()).pid).toBe(pid)
    }
    expect(fallbackDirectory()).toBe(join(tmpdir(), `threadmeter-${uid}`))
    vi.stubEnv('TMPDIR', fallback)
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(findDoors().map(({ path }) => path)).toContain(apps[1]?.path)
  })

  it('is none for one that has none', () => {
    expect([process.ppid, 2 ** 31].map(doorOf)).toEqual([undefined, undefined])
  })

  it('is not believed in a directory that others can write to', async () => {
    const directory = directoryOfTest()
    vi.stubEnv('THREADMETER_DIR', directory)
    onTestFinished(() => void vi.unstubAllEnvs())
    const app = await appIn({ THREADMETER_DIR: directory })
    chmodSync(directory, 0o777)
    expect(findDoors().map(({ path }) => path)).not.toContain(app.path)
  })
})
