import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { defaultPortOf } from '../../dist/diagnostics/attach/default-port.js'
import { TargetProcess } from '../../dist/diagnostics/attach/target-process.js'
import { cleanEnvironment } from '../fixtures/run.js'

const PROGRAM = fileURLToPath(new URL('fixtures/attach-app.mjs', import.meta.url))

it.each([
  [[], '127.0.0.1', 9229, false],
  [['--inspect-port=0'], '127.0.0.1', 0, false],
  [['--debug-port', '9230'], '127.0.0.1', 9230, false],
  [['--inspect-port=10.0.0.1'], '10.0.0.1', 9229, false],
  [['--inspect-port=10.0.0.1:80', '--inspect-port=81'], '10.0.0.1', 81, false],
  [['--inspect', '9230'], '127.0.0.1', 9229, true],
  [['--inspect-brk=[::1]:7'], '[::1]', 7, true],
] as const)('%j: the port', (options, host, port, isOpenFromStart) => {
  expect(defaultPortOf(options)).toEqual({ host, port, isOpenFromStart })
})

it('what the program is told is none of it', async () => {
  const args = ['--inspect-port', '0', PROGRAM, 'idle', '--inspect-port=7', '--inspect']
  const env = { ...cleanEnvironment(), NODE_OPTIONS: '--inspect-port=9999  --no-warnings' }
  const child = spawn(process.execPath, args, { env })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const { options } = new TargetProcess(child.pid as number)
  expect(options.slice(0, 4)).toEqual([
    '--inspect-port=9999',
    '--no-warnings',
    '--inspect-port',
    '0',
  ])
  expect(defaultPortOf(options)).toEqual({ host: '127.0.0.1', port: 0, isOpenFromStart: false })
})
