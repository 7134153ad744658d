import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { completed } from './completing.js'
import { Running } from './running.js'
import { sharedService } from './stuck-service.js'
import { sharedTerminal } from './terminal.js'

const pty = sharedTerminal()
const service = sharedService({ main: 'idle', crunch: 'fibonacci' })

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
