import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import type { StackReport } from '../../dist/diagnostics/model.js'
import { tids } from '../fixtures/proc.mjs'
import { CLI, run } from './running.js'
import { lineOf, PROGRAM, sharedService, stuckService } from './stuck-service.js'
import { temporaryFolder } from './temporary-folder.js'
import { sharedTerminal } from './terminal.js'

const ESCAPE = '\x1b'
const pty = sharedTerminal()
// One for all: its threads only wait to be looked at.
const service = sharedService({ main: 'fibonacci', mail: 'idle', shell: 'sleep' })

const reportsOf = (output: string): StackReport[] =>
  output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

const stack = (...args: string[]) => run(['stack', String(service.pid), ...args])

it('shows what all threads do, as Node shows stacks', async () => {
  const { code, output, errors } = await stack()
  expect({ code, errors }).toEqual({ code: 0, errors: '' })
  expect(output).not.toContain(ESCAPE)
  const [title, main, mail, shell] = output.trimEnd().split('\n\n') as string[]
  expect(title).toContain(`${service.pid}  stuck-service.mjs  Node.js ${process.versions.node}`)
  expect(main).toMatch(/^main {2}thread 0, tid \d+ {2}runs JavaScript, CPU \d/)
  const url = pathToFileURL(PROGRAM).href
  const frame = new RegExp(`^    at fibonacci \\(${url}:(\\d+):\\d+\\)$`, 'm')
  const line = Number(frame.exec(main as string)?.[1])
  expect([lineOf('function fibonacci'), lineOf('return n < 2')]).toContain(line)
  // All lines but the title are frames in the shape that editors make links of, or say what is left out.
  for (const each of (main as string).split('\n').slice(1)) {
    expect(each).toMatch(
      /^ {4}(at (\S.* \(\S+:\d+:\d+\)|\S+:\d+:\d+)|\.\.\. \d+ more calls of \S+)$/,
    )
  }
  expect(mail).toMatch(/^(mail|worker-\d+) {2}thread \d+, tid \d+ {2}idle$/)
  expect(shell).toMatch(/^(shell|worker-\d+) .* in a native call\n {4}.*\bin e?poll\w*\(2\) /)
})

it('gives the same in JSON, for all threads and for one by its names', async () => {
  const all = await stack('--json')
  expect(all.code).toBe(0)
  const [main, mail, shell] = reportsOf(all.output) as [StackReport, StackReport, StackReport]
  expect([main, mail, shell].map(({ state }) => state)).toEqual(['javascript', 'idle', 'native'])
  expect(main).toMatchObject({ kind: 'stack', partial: null, thread: { pid: service.pid } })
  expect(main.frames.map(({ functionName }) => functionName)).toContain('fibonacci')
  expect(main.kernel.state).toBe('R')
  expect(shell.frames).toEqual([])
  expect(shell.kernel.syscall).toMatch(/poll/)
  const { threadId, tid } = mail.thread
  expect(tids(service.pid)).toContain(tid)
  const byName = await Promise.all([
    stack('mail', '--json'),
    stack(String(threadId), '--json'),
    stack(String(tid), '--json'),
    run(['stack', '--json', String(tid)]),
    run(['stack', '--json', service.directory, 'mail']),
  ])
  for (const { code, output, errors } of byName) {
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
    expect(reportsOf(output).map(({ thread }) => thread.tid)).toEqual([tid])
  }
})

it('finds a process by the name of its program', async () => {
  const folder = temporaryFolder()
  const name = `named-${process.pid}`
  symlinkSync(PROGRAM, join(folder, `${name}.mjs`))
  const { pid } = await stuckService({ main: 'idle' }, { program: join(folder, `${name}.mjs`) })
  for (const args of [[name], [`${name}.mjs`, 'main']]) {
    const { output } = await run(['stack', '--json', ...args])
    expect(reportsOf(output).map(({ thread }) => thread.pid)).toEqual([pid])
  }
})

it('leaves calls of a recursion out, unless it is asked for them', async () => {
  const [short, full] = await Promise.all([stack('main'), stack('main', '--full')])
  expect(short.output).toMatch(/\n {4}\.\.\. \d+ more calls of fibonacci\n/)
  expect(full.output).not.toContain('...')
  const calls = full.output.match(/at fibonacci /g) as string[]
  expect(calls.length).toBeGreaterThan(5)
})

it('says why there is nothing to show', async () => {
  const gone = spawn('true')
  await once(gone, 'exit')
  const sleeper = spawn('sleep', ['60'], { stdio: 'ignore' })
  onTestFinished(() => void sleeper.kill('SIGKILL'))
  const plain = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { env: {} })
  onTestFinished(() => void plain.kill('SIGKILL'))
  const off = await stuckService({ main: 'idle' }, { env: { THREADMETER_DIAGNOSTICS: 'off' } })
  const endings = await Promise.all([
    run(['stack', String(gone.pid)]),
    run(['stack', String(sleeper.pid)]),
    run(['stack', String(plain.pid)]),
    run(['stack', String(off.pid)]),
    stack('nobody'),
    stack('77'),
    run(['stack', 'no-such-program', 'main']),
  ])
  expect(endings.map(({ code, output }) => ({ code, output }))).toEqual(
    endings.map(() => ({ code: 1, output: '' })),
  )
  const [none, other, node, silent, nobody, unknown, program] = endings.map(({ errors }) => errors)
  expect(none).toBe(`threadmeter: there is no process ${gone.pid}\n`)
  expect(other).toMatch(/\(sleep\) has not loaded threadmeter, and does not seem to be Node\.js\n$/)
  expect(node).toContain(`(node) has not loaded threadmeter:\n  threadmeter attach ${plain.pid} `)
  expect(silent).toContain('by THREADMETER_DIAGNOSTICS=off:\n  threadmeter attach')
  expect(nobody).toMatch(/there is no thread nobody; there are main, .*mail/)
  expect(unknown).toMatch(/there is no thread 77; there are main, .*mail/)
  expect(program).toContain('no process that can be asked runs no-such-program; there are\n')
})

it('tells in JSON, too, why there is nothing to show', async () => {
  const gone = spawn('true')
  await once(gone, 'exit')
  const sleeper = spawn('sleep', ['60'], { stdio: 'ignore' })
  onTestFinished(() => void sleeper.kill('SIGKILL'))
  const folder = temporaryFolder()
  const endings = await Promise.all([
    run(['stack', String(gone.pid), '--json']),
    run(['profile', String(sleeper.pid), '-j']),
    run(['gc', 'no-such-program', 'main', '--json']),
    run(['attach', String(gone.pid), '--json']),
    run(['attach', String(sleeper.pid), 'gc', '--json']),
    run(['attach', String(service.pid), '--json']),
    run(['heap-profile', String(service.pid), '--json', '-o', join(folder, 'none', 'x')]),
    run(['profile', String(gone.pid), '--native', '--json']),
    stack('nobody', '--json'),
  ])
  const codes = endings.map(({ code, output, errors }) => {
    const { error } = JSON.parse(output)
    expect(output).toBe(`${JSON.stringify({ error })}\n`)
    expect(errors).toContain(error.message)
    expect(code).toBe(1)
    return error.code.replace('ERR_THREADMETER_', '')
  })
  expect(codes).toEqual([
    ...['PROCESS_NOT_FOUND', 'DIAGNOSTICS_UNAVAILABLE', 'PROCESS_NOT_FOUND'],
    ...['ATTACH_FAILED', 'ATTACH_FAILED', 'ATTACH_FAILED'],
    ...['ENOENT', 'PROCESS_NOT_FOUND', 'THREAD_NOT_FOUND'],
  ])
})

it('does not say of a thread that waits that it runs', async () => {
  const { pid } = await stuckService({ main: 'idle', pool: 'waits' })
  const [text, json] = await Promise.all([
    run(['stack', String(pid)]),
    run(['stack', String(pid), 'pool', '--json']),
  ])
  const [pool] = reportsOf(json.output)
  expect(pool).toMatchObject({ state: 'javascript', kernel: { state: 'S' } })
  expect(text.output).toMatch(
    /^(pool|worker-\d+) .* {2}waits in Atomics\.wait\(\), off the processor\n {4}at /m,
  )
  expect(text.output).not.toContain('runs JavaScript')
})

it('hands a terminal nothing that a thread could have it do by its name', async () => {
  const { pid } = await stuckService({ main: 'idle', [`a${ESCAPE}[7mb`]: 'idle' })
  const folder = temporaryFolder()
  const endings = await Promise.all([
    run(['stack', String(pid)]),
    run(['stack', String(pid), 'nobody']),
    run(['profile', String(pid), '2', '-s', '0.1', '-o', join(folder, 'profile')]),
  ])
  expect(endings.map(({ code }) => code)).toEqual([0, 1, 0])
  for (const { output, errors } of endings) {
    expect(output + errors).not.toContain(ESCAPE)
    expect(output + errors).toContain('a?[7mb')
  }
})

it('colours on a terminal of any width, and lets the terminal wrap', async () => {
  const open = (size: string, env: NodeJS.ProcessEnv = {}, ...more: string[]) =>
    run(['stack', String(service.pid), 'main', ...more], { wrapper: [pty.path, size], env })
  const [narrow, wide, plain, asked] = await Promise.all([
    open('24x20'),
    open('24x200'),
    open('24x80', { NO_COLOR: '1' }),
    open('24x80', {}, '--no-color'),
  ])
  for (const { code, output } of [narrow, wide]) {
    expect(code).toBe(0)
    expect(output).toContain(`${ESCAPE}[1mfibonacci${ESCAPE}[0m`)
    expect(output).toMatch(/stuck-service\.mjs:\d+:\d+/)
  }
  for (const { output } of [plain, asked]) {
    expect(output).not.toContain(`${ESCAPE}[`)
    expect(output).toMatch(/ {4}at fibonacci \(file:\/\/\S+:\d+:\d+\)/)
  }
})

it('ends quietly when its reader leaves', async () => {
  const command = `set -o pipefail; "$0" "$1" stack ${service.pid} --full --json | head -c 20`
  const { stdout, stderr } = await promisify(execFile)('bash', [
    ...['-c', command, process.execPath, CLI],
  ])
  expect({ stdout: stdout.length, stderr }).toEqual({ stdout: 20, stderr: '' })
})

it('says in a line why standard output takes nothing', async () => {
  const command = `"$0" "$1" stack ${service.pid} > /dev/full`
  const failed = promisify(execFile)('bash', ['-c', command, process.execPath, CLI])
  await expect(failed).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^threadmeter: cannot write to standard output: ENOSPC: .*\n$/),
  })
})

it('writes to a file that is private, and not over another', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'stacks.txt')
  const first = await stack('-o', path)
  expect(first).toEqual({ code: 0, output: '', errors: '' })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readFileSync(path, 'utf8')).toContain('at fibonacci (')
  writeFileSync(path, 'mine')
  const second = await stack('-o', path)
  expect(second.errors).toBe(`threadmeter: ${path} is there already; --overwrite replaces it\n`)
  expect([second.code, readFileSync(path, 'utf8')]).toEqual([1, 'mine'])
  const third = await stack('main', '--json', '-o', path, '--overwrite')
  expect(third.code).toBe(0)
  expect(reportsOf(readFileSync(path, 'utf8'))[0]?.state).toBe('javascript')
})
