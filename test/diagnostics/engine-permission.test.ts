import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { cleanEnvironment } from '../fixtures/run.js'

const PROGRAM = fileURLToPath(new URL('fixtures/engine-permission.mjs', import.meta.url))

const flags = process.allowedNodeEnvironmentFlags
const PERMISSION = [
  flags.has('--permission') ? '--permission' : '--experimental-permission',
  ...['--allow-worker', '--allow-addons', '--allow-fs-read=*', '--no-warnings'],
]

async function outcomes(...nodeArgs: string[]) {
  const options = { env: cleanEnvironment(), timeout: 20_000 }
  const { stdout } = await promisify(execFile)(process.execPath, [...nodeArgs, PROGRAM], options)
  return JSON.parse(stdout)
}

const UNAVAILABLE = {
  code: 'ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE',
  message: expect.stringMatching(/^diagnostics cannot be had here: the permission model/),
}

it('says why no thread can be captured, and still which there are', async () => {
  expect(await outcomes(...PERMISSION)).toEqual({
    ...{ main: UNAVAILABLE, nobody: UNAVAILABLE },
    threads: ['main'],
  })
})

it('captures where that is permitted', async () => {
  const allowed = flags.has('--allow-inspector') ? [...PERMISSION, '--allow-inspector'] : []
  expect(await outcomes(...allowed)).toMatchObject({
    main: 'idle',
    nobody: { code: 'ERR_THREADMETER_THREAD_NOT_FOUND' },
  })
})
