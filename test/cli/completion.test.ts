import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { COMMANDS } from '../../dist/cli/commands.js'
import { completed } from './completing.js'
import { Running, run } from './running.js'
import { sharedService } from './stuck-service.js'
import { sharedTerminal } from './terminal.js'

const pty = sharedTerminal()
const service = sharedService({ main: 'idle', crunch: 'fibonacci' })

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
  const shell = 'exec bash --norc --noprofile -i'
  const typed = new Running([], {
    env: { ...env, PS1: '> ' },
    wrapper: [pty.path, '24x120', 'sh', '-c', shell],
  })
  typed.child.stdin?.write(`source '${script}'; bind 'set enable-bracketed-paste off'\n`)
  await typed.until(/off'\r?\n/)
  const from = typed.output.length
  typed.child.stdin?.write(`threadmeter prof\t${service.pid} cr\t--form\tht\t`)
  await typed.until(new RegExp(`threadmeter profile ${service.pid} crunch --format html`), from)
})

it('knows the shells that it can do', async () => {
  const [none, other] = await Promise.all([run(['completion']), run(['completion', 'tcsh'])])
  expect([none.code, other.code]).toEqual([2, 2])
  expect(other.errors).toContain("The shell is one of bash, zsh, fish, not 'tcsh'")
})
