import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { cleanEnvironment } from '../fixtures/run.js'
import { unshare } from '../hazards/run.js'
import { CLI } from './running.js'

// These need root or user namespaces, and mount what only they see.

const execute = async ([command, ...args]: string[]): Promise<string> => {
  const options = { env: cleanEnvironment(), timeout: 50_000 }
  return (await promisify(execFile)(command as string, args, options)).stdout
}

interface Ending {
  code: number
  stdout: string
  stderr: string
}

it('finds the one service that runs, and lists them where there are several', async () => {
  const fixture = new URL('fixtures/services.mjs', import.meta.url).pathname
  const mount = 'mount -t tmpfs none /dev/shm && exec "$0" "$@"'
  const output = await execute([
    ...unshare('--mount', '--pid', '--fork', '--mount-proc'),
    ...['sh', '-c', mount, process.execPath, fixture],
  ])
  const { pids, endings } = JSON.parse(output) as { pids: number[]; endings: Ending[] }
  const [none, one, two, told] = endings as [Ending, Ending, Ending, Ending]
  expect(none.code).toBe(2)
  expect(none.stderr).toContain('No service with threadmeter is running: give a pid, or')
  for (const ending of [one, told]) {
    expect(ending).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(ending.stdout).threads[0]).toMatchObject({ pid: pids[0], name: 'main' })
  }
  expect(two.code).toBe(2)
  expect(two.stderr).toContain('Several services are running:\n')
  const directories = ['elsewhere', `threadmeter-\\d+/${pids[1]}-\\d+`]
  for (const [place, directory] of directories.entries()) {
    expect(two.stderr).toMatch(
      new RegExp(`^ {2}threadmeter top /dev/shm/${directory} .*pid ${pids[place]}$`, 'm'),
    )
  }
})

it('asks the only process that can be asked, and lists them where there are several', async () => {
  const fixture = new URL('fixtures/only.mjs', import.meta.url).pathname
  const mount = 'mount -t tmpfs none /dev/shm && exec "$0" "$@"'
  const output = await execute([
    ...unshare('--mount', '--pid', '--fork', '--mount-proc'),
    ...['sh', '-c', mount, process.execPath, fixture],
  ])
  const { pids, endings } = JSON.parse(output) as { pids: number[]; endings: Ending[][] }
  const [none, one, two] = endings as [Ending[], Ending[], Ending[]]
  expect(none.map(({ code }) => code)).toEqual([2, 2, 1])
  expect(none[0]?.stderr).toMatch(/No process with diagnostics is running\. .*\n.*--require/)
  expect(none[2]?.stderr).toMatch(/no process with threadmeter is running; .*\n.*--require/)
  expect(one.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    one.map(() => ({ code: 0, stderr: '' })),
  )
  expect(one[0]?.stdout).toMatch(/^main .* idle\n\nmail .* idle$/m)
  expect(one[1]?.stdout).toMatch(/\n\nmail .* idle\n$/)
  expect(one[2]?.stdout).toContain(`└─ ${pids[0]} `)
  expect(two.map(({ code }) => code)).toEqual([2, 2, 0])
  expect(two[1]?.stderr).toMatch(
    /: No process that can be asked runs mail\. If it is a thread, say/,
  )
  // Programs that are called the same are told apart by their folders.
  expect(two[0]?.stderr).toMatch(/ stuck-service\.mjs in \/.*\/fixtures$/m)
  for (const pid of pids) {
    expect(two[0]?.stderr).toMatch(new RegExp(`^ {2}threadmeter stack ${pid} {3}\\S`, 'm'))
    expect(two[1]?.stderr).toMatch(new RegExp(`^ {2}threadmeter stack ${pid} mail {3}\\S`, 'm'))
    expect(two[2]?.stdout).toContain(`${pid} `)
  }
})

// Needs root, of which it keeps nothing but the name: capabilities and the group 0 see what is hidden.
it.runIf(process.getuid?.() === 0)('says that a process is hidden', async () => {
  const script = `
    mount -t proc -o hidepid=2 proc /proc
    setpriv --reuid 65534 --clear-groups sleep 60 > /dev/null &
    while ! grep -q sleep /proc/$!/comm; do :; done
    setpriv --regid 65534 --clear-groups --bounding-set=-all --inh-caps=-all "$@" $! 2>&1
    echo "exit code $?, process $!"
    kill $!`
  const output = await execute([
    ...unshare('--mount', '--pid', '--fork', '--mount-proc'),
    ...['sh', '-c', script, 'sh', process.execPath, CLI, 'top', '--once'],
  ])
  const pid = /process (\d+)/.exec(output)?.[1]
  expect(output).toBe(
    `threadmeter: process ${pid} belongs to another user, and /proc hides it from you\nexit code 1, process ${pid}\n`,
  )
})
