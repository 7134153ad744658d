import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { ask, begin, resultIn, socketIn, socketsIn } from '../diagnostics/host-door.js'
import { Running, runtimeDirectory } from '../observer/running.js'

const APP = fileURLToPath(new URL('../diagnostics/fixtures/host-app.mjs', import.meta.url))
const DIRECTORY = new URL('../../dist/meter/directory.js', import.meta.url)
const STATUS = 'return capabilities().diagnostics'
// As a thread does within 10 s that finds its meter file gone.
const REJOIN = `return (await import('${DIRECTORY}')).rejoinDirectory().available`

it.each(['on', 'off'])('a socket comes back with its directory: serve %s', async (serve) => {
  const directory = runtimeDirectory()
  const env = { THREADMETER_DIR: directory, THREADMETER_PORT: '0', THREADMETER_SERVE: serve }
  const app = new Running(['--import', 'threadmeter/register', APP], env)
  await app.hear()
  const socket = await socketIn(directory)
  const { started, told } = begin(socket, '/v1/cpu-profile?thread=main&seconds=2')
  await started
  for (let i = 0; i < 2; i++) {
    rmSync(directory, { recursive: true })
    const reason = `${socket} has been removed`
    expect(await app.ask(STATUS)).toEqual({ available: false, reason })
    expect(await app.ask(REJOIN)).toBe(true)
    expect(await socketIn(directory)).toBe(socket)
    expect(await app.ask(STATUS)).toEqual({ available: true, source: socket })
    expect((await ask(socket, '/v1/stack?thread=main')).status).toBe(200)
  }
  // Whoever was connected has not been cut off.
  expect(resultIn(await told)).toHaveProperty('samples')
  app.letGo()
  expect((await app.ended).code, app.errors).toBe(0)
  expect(socketsIn(directory)).toEqual([])
})
