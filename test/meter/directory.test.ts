import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { MeterService } from '../../dist/meter/service.js'
import { cleanEnvironment } from '../fixtures/run.js'
import { deadThread, family, LIVING, storeOne, writeMeter } from './fixtures/meters.mjs'
import { temporaryDirectory } from './temporary-directory.js'

const FIXTURE = new URL('fixtures/join.mjs', import.meta.url).pathname

type Joined = { available: true; path: string; slot: number } | { available: false; reason: string }

interface Told {
  result: Joined
  again: boolean
  environment?: string
  elsewhere?: Joined
  worker?: Joined
  child?: Joined
}

function environment(dir?: string): NodeJS.ProcessEnv {
  const { THREADMETER_DIR, ...rest } = cleanEnvironment()
  return dir === undefined ? rest : { ...rest, THREADMETER_DIR: dir }
}

/** Joins in a process that ends in order right after. */
async function joinAndEnd(path: string, { mode = '', dir }: { mode?: string; dir?: string } = {}) {
  const args = [FIXTURE, path, mode]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    env: environment(dir),
  })
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Told
}

/** Joins in a process that stays until it is killed. */
async function joinAndStay(path: string): Promise<Told & { process: ChildProcess }> {
  const child = spawn(process.execPath, [FIXTURE, path, 'stay'], {
    env: environment(),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [line] = await once(child.stdout, 'data')
  return { ...(JSON.parse(line) as Told), process: child }
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

const mode = (path: string): string => (lstatSync(path).mode & 0o777).toString(8)

describe('a directory that is told', () => {
  it('is made for this user alone, with the parents it lacks', async () => {
    const dir = join(temporaryDirectory(), 'a', 'b')
    const { result, again, environment } = await joinAndEnd(dir)
    expect(result).toEqual({ available: true, path: dir, slot: 0 })
    expect({ again, environment }).toEqual({ again: true, environment: dir })
    expect([dir, dirname(dir)].map(mode)).toEqual(['700', '700'])
  })

  it('may be told by the environment, and an argument comes first', async () => {
    const [dir, other] = [temporaryDirectory(), temporaryDirectory()]
    expect((await joinAndEnd('-', { dir })).result).toMatchObject({ path: dir })
    expect((await joinAndEnd(other, { dir })).result).toMatchObject({ path: other })
  })

  it('is that of all threads and children, and no other', async () => {
    const dir = temporaryDirectory()
    const { worker, child, elsewhere } = await joinAndEnd(dir, { mode: 'children' })
    expect(worker).toEqual({ available: true, path: dir, slot: 0 })
    expect(child).toEqual({ available: true, path: dir, slot: 1 })
    expect(elsewhere).toEqual({
      available: false,
      reason: `this process has its meter files in ${dir} already`,
    })
    expect(readdirSync(dir)).not.toContain('elsewhere')
  })
})

describe('a directory is refused', () => {
  const reasonFor = async (path: string): Promise<string> => {
    const { result } = await joinAndEnd(path)
    return result.available ? 'none' : result.reason
  }

  it('that is open to others', async () => {
    const dir = temporaryDirectory()
    chmodSync(dir, 0o750)
    expect(await reasonFor(dir)).toBe(`${dir} has mode 0750, open to others: it must be 0700`)
    expect(readdirSync(dir)).toEqual([])
  })

  it('that is a link to one, or a file', async () => {
    const dir = temporaryDirectory()
    const link = join(temporaryDirectory(), 'link')
    symlinkSync(dir, link)
    expect(await reasonFor(link)).toBe(`${link} is a symbolic link`)
    expect(readdirSync(dir)).toEqual([])
    const file = join(dir, 'file')
    writeFileSync(file, '')
    expect(await reasonFor(file)).toBe(`${file} is not a directory`)
    expect(await reasonFor(join(file, 'below'))).toMatch(/ENOTDIR/)
  })

  it('that belongs to another user', async () => {
    // Only root can give one away; everybody else finds root's.
    const own = temporaryDirectory()
    const foreign = process.getuid?.() === 0 ? own : '/dev/shm'
    if (foreign === own) chownSync(own, 12345, 12345)
    const { uid } = lstatSync(foreign)
    expect(await reasonFor(foreign)).toBe(
      `${foreign} belongs to user ${uid}, not to user ${process.getuid?.()}`,
    )
    expect(readdirSync(own)).toEqual([])
  })

  it('that is not in memory', async () => {
    expect(await reasonFor('/proc/threadmeter/dir')).toBe('/proc/threadmeter/dir is not on tmpfs')
  })
})

describe('the number of a process', () => {
  it('is the lowest that no live process has', async () => {
    const dir = temporaryDirectory()
    const first = await joinAndStay(dir)
    const second = await joinAndStay(dir)
    const third = await joinAndStay(dir)
    expect([first, second, third].map(({ result }) => result)).toEqual(
      [0, 1, 2].map((slot) => ({ available: true, path: dir, slot })),
    )
    await kill(second.process)
    expect((await joinAndStay(dir)).result).toMatchObject({ slot: 1 })
    expect((await joinAndEnd(dir)).result).toMatchObject({ slot: 3 })
  })

  it('is never that of another one, however many join at once', async () => {
    const dir = temporaryDirectory()
    const joined = await Promise.all(Array.from({ length: 50 }, () => joinAndStay(dir)))
    const slots = joined.map(({ result }) => (result.available ? result.slot : -1))
    expect(slots.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i))
  })
})

/** What a service may leave, and a file that is not its own. */
function leaveFiles(dir: string): void {
  const name = writeMeter(dir, deadThread(1), (image) => storeOne(image, family('jobs_total'), 1))
  for (const file of ['retired', '.retired-1', `.${name}`, 'observed.json']) {
    writeFileSync(join(dir, file), '')
  }
}

const textOf = ({ pid, processStart, pidNamespace }: typeof LIVING): string =>
  `${pid}-${processStart}-${pidNamespace}`

function leaveRemains(dir: string): void {
  leaveFiles(dir)
  symlinkSync(textOf(deadThread(1)), join(dir, 'slot-0'))
  writeFileSync(join(dir, 'notes.txt'), '')
}

describe('what a service left', () => {
  it('is cleaned at the next start, but for the files of others', async () => {
    const dir = temporaryDirectory()
    leaveRemains(dir)
    writeFileSync(join(dir, '.hidden'), '')
    mkdirSync(join(dir, '1-1-1-1.meter'))
    writeFileSync(join(dir, '1-1-1-2.meter'), 'something else')
    const { result } = await joinAndStay(dir)
    // Its pid is ours: only its start tells that it is dead.
    expect(result).toEqual({ available: true, path: dir, slot: 0 })
    expect(readdirSync(dir).sort()).toEqual([
      '.hidden',
      '1-1-1-1.meter',
      'join.lock',
      'notes.txt',
      'observer.lock',
      'slot-0',
    ])
  })

  it.each([
    [
      'one of its processes lives',
      (dir: string) => symlinkSync(textOf(LIVING), join(dir, 'slot-7')),
    ],
    [
      'one of its threads lives',
      (dir: string) =>
        void writeMeter(dir, { ...LIVING }, (image) => storeOne(image, family('x'), 1)),
    ],
    [
      'a process of another PID namespace may live',
      (dir: string) => symlinkSync(textOf({ ...LIVING, pidNamespace: 1 }), join(dir, 'slot-7')),
    ],
  ])('stays while %s', async (_, addMember) => {
    const dir = temporaryDirectory()
    leaveRemains(dir)
    addMember(dir)
    const before = readdirSync(dir).filter((name) => name !== 'slot-0')
    const { result } = await joinAndStay(dir)
    expect(result).toMatchObject({ available: true, slot: 0 })
    expect(readdirSync(dir)).toEqual(expect.arrayContaining(before))
  })

  it('stays where it is not beside a directory made by default', async () => {
    const parent = temporaryDirectory()
    const dir = join(parent, '1-1')
    mkdirSync(dir, { mode: 0o700 })
    leaveRemains(dir)
    const before = readdirSync(dir)
    expect((await joinAndEnd(join(parent, 'own'))).result).toMatchObject({ available: true })
    expect(readdirSync(dir)).toEqual(before)
  })

  it('stays while an observer holds it', async () => {
    const dir = temporaryDirectory()
    leaveRemains(dir)
    const service = new MeterService(dir)
    expect(service.lead()).toBe(true)
    await joinAndEnd(dir)
    expect(readdirSync(dir)).toContain('retired')
    service.close()
    await joinAndEnd(dir)
    expect(readdirSync(dir)).not.toContain('retired')
  })
})

describe('a directory of its own', () => {
  it('is there while its process is', async () => {
    const { result, environment, process: child } = await joinAndStay('-')
    if (!result.available) throw new Error(result.reason)
    expect(environment).toBe(result.path)
    expect(basename(result.path)).toMatch(new RegExp(`^${child.pid}-\\d+$`))
    expect(basename(dirname(result.path))).toBe(`threadmeter-${process.getuid?.()}`)
    expect([result.path, dirname(result.path)].map(mode)).toEqual(['700', '700'])
    expect(readlinkSync(join(result.path, 'slot-0'))).toMatch(new RegExp(`^${child.pid}-`))
    child.stdin?.end()
    await once(child, 'exit')
    expect(existsSync(result.path)).toBe(false)
  })

  it('is removed by the next service after its own was killed', async () => {
    const { result, process: child } = await joinAndStay('-')
    const other = await joinAndStay('-')
    if (!result.available || !other.result.available) throw new Error('not joined')
    await kill(child)
    leaveFiles(result.path)
    await joinAndEnd('-')
    expect(existsSync(result.path)).toBe(false)
    expect(existsSync(other.result.path)).toBe(true)
    other.process.stdin?.end()
    await once(other.process, 'exit')
  })
})
