import { execFile, spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { COMMANDS } from '../../dist/cli/commands.js'
import { type CProgram, compileC } from '../fixtures/compile.js'
import { cleanEnvironment } from '../fixtures/run.js'
import { CLI, Running, run } from './running.js'
import { type StuckService, stuckService } from './stuck-service.js'
import { temporaryFolder } from './temporary-folder.js'

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

/** An environment in which `threadmeter` is this one, and a file with the completion of a shell. */
async function completed(shell: string): Promise<{ env: NodeJS.ProcessEnv; script: string }> {
  const folder = temporaryFolder()
  const program = join(folder, 'threadmeter')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`)
  chmodSync(program, 0o755)
  const { code, output } = await run(['completion', shell])
  expect(code).toBe(0)
  const script = join(folder, `completion.${shell}`)
  writeFileSync(script, output)
  const env = { ...cleanEnvironment(), PATH: `${folder}:${process.env.PATH}`, HOME: folder }
  return { env, script }
}

/** What bash offers for the last of the words. */
async function inBash(...lines: string[][]): Promise<string[][]> {
  const { env, script } = await completed('bash')
  const calls = lines.map(
    (words) => `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
_threadmeter
printf '%s\\n' "\${COMPREPLY[@]}" --`,
  )
  const all = ['set -u', `source '${script}'`, ...calls].join('\n')
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', all], { env })
  expect(stderr).toBe('')
  const answers = stdout.split('--\n').slice(0, -1)
  return answers.map((answer) => answer.split('\n').filter((word) => word !== ''))
}

const withShell = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0

it('offers commands, options, choices, pids and threads in bash', async () => {
  const pid = String(service.pid)
  const [commands, options, formats, bySign, pids, threads, behind, values, files] = (await inBash(
    ['threadmeter', 'hea'],
    ['threadmeter', 'profile', '--'],
    ['threadmeter', 'profile', '-F', ''],
    ['threadmeter', 'profile', '--format', '=', 'sp'],
    ['threadmeter', 'stack', pid.slice(0, -1)],
    ['threadmeter', 'profile', pid, ''],
    ['threadmeter', 'profile', '--seconds', '5', pid, 'cr'],
    ['threadmeter', 'profile', '--seconds', ''],
    ['threadmeter', 'profile', '--output', '/etc/host'],
  )) as [string[], ...string[][]]
  expect(commands).toEqual(['heap-profile', 'heap-snapshot'])
  const { profile } = COMMANDS
  expect(options).toEqual(
    [...Object.keys(profile?.options ?? {}), 'help'].map((name) => `--${name}`),
  )
  expect(formats).toEqual(['cpuprofile', 'html', 'speedscope', 'pprof', 'folded'])
  expect(bySign).toEqual(['speedscope'])
  expect(pids).toContain(pid)
  expect(threads).toEqual(['main', 'crunch', 'all'])
  expect(behind).toEqual(['crunch'])
  expect(values).toEqual([])
  expect(files).toContain('/etc/hosts')
})

it('completes what is typed into bash', async () => {
  const { env, script } = await completed('bash')
  const wrapper = [pty.path, '24x120', 'bash', '--norc', '--noprofile', '-i']
  const typed = new Running([], {
    env: { ...env, PS1: '> ' },
    wrapper: [...wrapper.slice(0, 2), 'sh', '-c', 'exec bash --norc --noprofile -i'],
  })
  typed.child.stdin?.write(`source '${script}'; bind 'set enable-bracketed-paste off'\n`)
  await typed.until(/off'\r?\n/)
  const from = typed.output.length
  typed.child.stdin?.write(`threadmeter prof\t${service.pid} cr\t--form\tht\t`)
  await typed.until(new RegExp(`threadmeter profile ${service.pid} crunch --format html`), from)
})

it.runIf(withShell('fish'))('offers the same in fish, with meanings', async () => {
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

it.runIf(withShell('zsh'))('offers the same in zsh', async () => {
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

it('knows the shells that it can do', async () => {
  const [none, other] = await Promise.all([run(['completion']), run(['completion', 'tcsh'])])
  expect([none.code, other.code]).toEqual([2, 2])
  expect(other.errors).toContain("The shell is one of bash, zsh, fish, not 'tcsh'")
})
