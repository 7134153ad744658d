// Directories that cannot serve, limits of the process, and Node's permission model.
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type App, expectPart, expectReason, runApp } from './meter-app.js'
import { runFixture } from './run.js'

const { EFBIG } = constants.errno
const NOBODY = 65_534
const SERIES = 1000
const folder = mkdtempSync('/dev/shm/threadmeter-hazards-')
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const inFolder = (name: string): string => join(folder, name)

describe.concurrent('a directory', () => {
  test('on a disk', async () => {
    const directory = join(import.meta.dirname, 'not-made')
    expectReason(await runApp({ directory }), /not-made is not on tmpfs$/)
    expect(existsSync(directory)).toBe(false)
  })

  test('that is not there, nor what it would be in', async () => {
    const directory = inFolder('one/two/three')
    const { main, worker } = await runApp({ directory })
    expect([main.meterFiles.available, worker.meterFiles.available]).toEqual([true, true])
    expect(statSync(directory).mode & 0o777).toBe(0o700)
  })

  test('that cannot be, because a file is there', async () => {
    writeFileSync(inFolder('file'), '')
    expectReason(await runApp({ directory: inFolder('file') }), /file is not a directory$/)
    expectReason(await runApp({ directory: inFolder('file/in/it') }), /ENOTDIR/)
  })

  test('of another user', async () => {
    const isRoot = process.getuid?.() === 0
    const directory = isRoot ? inFolder('of-nobody') : '/dev/shm'
    if (isRoot) {
      mkdirSync(directory, { mode: 0o700 })
      chownSync(directory, NOBODY, NOBODY)
    }
    expectReason(await runApp({ directory }), /belongs to user \d+, not to user \d+$/)
  })

  test('open to others', async () => {
    const directory = inFolder('open')
    mkdirSync(directory)
    chmodSync(directory, 0o755)
    expectReason(await runApp({ directory }), /has mode 0755, open to others: it must be 0700$/)
  })

  test('by way of a symbolic link', async () => {
    const directory = inFolder('link')
    mkdirSync(inFolder('real'), { mode: 0o700 })
    symlinkSync(inFolder('real'), directory)
    expectReason(await runApp({ directory }), /link is a symbolic link$/)
  })

  test('that is taken away', async () => {
    const directory = inFolder('taken')
    const inTheMiddle = 'rm -r "$THREADMETER_DIR"'
    const app = await runApp({ directory, series: SERIES, inTheMiddle })
    expect(app.command).toBe(0)
    expect(app.worker.meterFiles.available).toBe(true)
  })
})

// Where the kernel says EFBIG it also sends SIGXFSZ, which ends a process that does not ignore it.
describe.concurrent('a limit on the size of files', () => {
  test('below the smallest meter file', async () => {
    const app = await runApp({ directory: inFolder('small'), through: ['prlimit', '--fsize=4096'] })
    expectReason(app, /^EFBIG: /)
  })

  test('that growth meets', async () => {
    const through = ['prlimit', '--fsize=65536']
    const app = await runApp({ directory: inFolder('limited'), series: SERIES, through })
    expectPart(app, SERIES, EFBIG)
  })
})

describe.concurrent('the permission model of Node', () => {
  const flags = process.allowedNodeEnvironmentFlags
  const permission = flags.has('--permission') ? '--permission' : '--experimental-permission'
  const reasonWith = async (...allowed: string[]): Promise<string> => {
    const { code, result } = await runFixture<App>('meter-app', {
      node: [permission, '--allow-fs-read=*', '--allow-worker', ...allowed],
      env: { THREADMETER_DIR: inFolder('permission') },
    })
    expect({ code, wrong: result.main.wrong }).toEqual({ code: 0, wrong: [] })
    return 'reason' in result.main.meterFiles ? result.main.meterFiles.reason : ''
  }

  test('without addons', async () => {
    expect(await reasonWith()).toMatch(/^the addon could not be loaded: /)
  })

  test.runIf(flags.has('--allow-addons'))('with addons, without a folder to write', async () => {
    expect(await reasonWith('--allow-addons')).toMatch(/^Access to this API has been restricted/)
  })

  test.runIf(flags.has('--allow-addons'))('with addons and a folder to write', async () => {
    expect(await reasonWith('--allow-addons', '--allow-fs-write=*')).toBe('')
  })
})
