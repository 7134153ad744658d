import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type CProgram, compileC } from '../fixtures/compile.js'
import { completed } from './completing.js'
import { Running } from './running.js'
import { type StuckService, stuckService } from './stuck-service.js'

const cleanups: (() => void)[] = []
let service: StuckService
let pty: CProgram

beforeAll(async () => {
  pty = compileC('../examples/pty.c')
  const states = { main: 'idle', crunch: 'fibonacci' } as const
  service = await stuckService(states, { cleanup: (clean) => void cleanups.unshift(clean) })
})

afterAll(() => {
  for (const clean of cleanups) clean()
  pty.remove()
})

it('offers the same in fish, with meanings', async () => {
  const { env, script } = await completed('fish')
  const ask = async (line: string): Promise<string[]> => {
    const command = `source '${script}'; complete -C '${line}'`
    const { stdout } = await promisify(execFile)('fish', ['--no-config', '-c', command], { env })
    return stdout.trimEnd().split('\n')
  }
  const words = async (line: string) => (await ask(line)).map((each) => each.split('\t')[0]).sort()
  expect(await words('threadmeter heap')).toEqual(['heap-profile', 'heap-snapshot'])
  expect(await ask(`threadmeter profile ${service.pid} cr`)).toEqual([
    expect.stringMatching(/^crunch\tworker, thread \d+$/),
  ])
  expect(await words('threadmeter profile --format ')).toEqual([
    'cpuprofile',
    'folded',
    'html',
    'pprof',
    'speedscope',
  ])
})

it('offers the same in zsh', async () => {
  const { env, script } = await completed('zsh')
  const command = 'exec zsh -f -i'
  const typed = new Running([], { env, wrapper: [pty.path, '24x120', 'sh', '-c', command] })
  const ready = 'echo rea"dy"'
  typed.child.stdin?.write(`autoload -U compinit; compinit -u -D; source '${script}'; ${ready}\n`)
  await typed.until(/ready\r?\n/)
  const from = typed.output.length
  typed.child.stdin?.write(`threadmeter gc --seco\t1 ${service.pid} cr\t\n`)
  // What it typed is run: that is the proof that it was all of it.
  await typed.until(/crunch.* in 1\.\d s/, from)
})
