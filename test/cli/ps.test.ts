import { spawn } from 'node:child_process'
import { expect, it, onTestFinished } from 'vitest'
import { widthOf } from '../../dist/cli/terminal/text.js'
import { tids } from '../fixtures/proc.mjs'
import { temporaryDirectory } from '../observer/service.js'
import { run } from './running.js'
import { PROGRAM, stuckService } from './stuck-service.js'

interface ShownProcess {
  pid: number
  program: string
  diagnostics: { state: string; node: string | null }
  threads: { tid: number; threadId: number | null; name: string; role: string; cpu: number }[]
}

interface Document {
  services: { directory: string; processes: ShownProcess[] }[]
  others: { pid: number; program: string }[]
}

it('shows services, processes and threads, and who can be asked', async () => {
  const states = { main: 'idle', crunch: 'fibonacci', shell: 'sleep' } as const
  const [service, off] = await Promise.all([
    stuckService(states),
    stuckService({ main: 'idle' }, { env: { THREADMETER_DIAGNOSTICS: 'off' } }),
  ])
  const plain = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { env: {} })
  onTestFinished(() => void plain.kill('SIGKILL'))
  const pid = String(service.pid)
  const [all, one, byDirectory, deaf, every] = await Promise.all([
    run(['ps', '--json']),
    run(['ps', pid]),
    run(['ps', service.directory, '--all']),
    run(['ps', String(off.pid), '--json']),
    run(['ps', '--all']),
  ])
  const { services, others } = JSON.parse(all.output) as Document
  const shown = services.find(({ directory }) => directory === service.directory)
  const [process_] = (shown as Document['services'][0]).processes as [ShownProcess]
  expect(process_).toMatchObject({
    ...{ pid: service.pid, program: PROGRAM },
    diagnostics: { state: 'ready', node: process.version },
  })
  expect(process_.threads.map(({ tid }) => tid).sort()).toEqual(tids(service.pid).sort())
  const named = process_.threads.filter(({ role }) => role === 'main' || role === 'worker')
  expect(named.map(({ name }) => name).sort()).toEqual(['crunch', 'main', 'shell'])
  const crunch = named.find(({ name }) => name === 'crunch')
  expect(crunch?.cpu).toBeGreaterThan(0.1)
  expect(others.map((other) => other.pid)).toContain(plain.pid)
  expect(others.map((other) => other.pid)).not.toContain(service.pid)
  expect(every.output).toContain(`threadmeter attach ${plain.pid}`)

  expect(one).toMatchObject({ code: 0, errors: '' })
  const lines = one.output.trimEnd().split('\n')
  expect(lines).toHaveLength(7)
  expect(lines[1]).toBe(service.directory)
  expect(lines[2]).toMatch(
    new RegExp(`^└─ ${pid} \\S.* ready {2}Node\\.js ${process.versions.node}$`),
  )
  expect(lines[4]).toMatch(/^ {3}├─ crunch .* (busy|starved)$/)
  expect(lines[6]).toMatch(/^ {3}└─ \d+ others .*1 observer/)
  const rows = byDirectory.output.split('\n').filter((line) => /^ {3}[├└]─ /.test(line))
  expect(rows).toHaveLength(tids(service.pid).length)
  const [found] = (JSON.parse(deaf.output) as Document).services as [Document['services'][0]]
  const [silent] = found.processes as [ShownProcess]
  expect(silent.diagnostics).toMatchObject({ state: 'off', node: null })
})

it('says of one process that its service has others', async () => {
  const first = await stuckService({ main: 'idle' })
  const { directory } = first
  const second = await stuckService({ main: 'idle' }, { env: { THREADMETER_DIR: directory } })
  const [text, json, all] = await Promise.all([
    run(['ps', String(first.pid)]),
    run(['ps', String(first.pid), '--json']),
    run(['ps', directory]),
  ])
  expect(text.output).toContain(`\n1 more process of this service: threadmeter ps ${directory}\n`)
  const { services } = JSON.parse(json.output)
  expect(services).toMatchObject([{ processes: [{ pid: first.pid }], otherPids: [second.pid] }])
  expect(all.output).not.toContain('more process')
})

it('fits terminals from 20 to 200 columns', async () => {
  const service = await stuckService({ main: 'idle', crunch: 'fibonacci' })
  const widths = [20, 40, 80, 120, 200]
  const endings = await Promise.all(
    widths.map((width) =>
      run(['ps', String(service.pid)], { env: { COLUMNS: String(width), LANG: 'C' } }),
    ),
  )
  endings.forEach(({ code, output }, place) => {
    expect(code).toBe(0)
    for (const line of output.trimEnd().split('\n')) {
      expect(widthOf(line)).toBeLessThanOrEqual(widths[place] as number)
    }
    expect(output).toMatch(/^ {3}\|- crunch/m)
  })
  expect(endings[1]?.output).toContain('CPU %')
  expect(endings.at(-1)?.output).toMatch(/CPU % .*delay .*ELU % .*verdict/)
})

it('says of a process that is stopped that it does not answer, and waits for it no longer', async () => {
  const { pid, child } = await stuckService({ main: 'idle' })
  child.kill('SIGSTOP')
  const [told, asked] = await Promise.all([
    run(['ps', String(pid)]),
    // What is no threadId may be a tid: the process would be asked.
    run(['stack', String(pid), '77', '--timeout', '1']),
  ])
  expect(told).toMatchObject({ code: 0, output: expect.stringContaining('does not answer') })
  expect(asked).toMatchObject({ code: 1, errors: 'threadmeter: not done within 1 s\n' })
})

it('says what to do where nothing runs', async () => {
  const sleeper = spawn('sleep', ['60'], { stdio: 'ignore' })
  onTestFinished(() => void sleeper.kill('SIGKILL'))
  const empty = temporaryDirectory()
  const [process_, directory, json] = await Promise.all([
    run(['ps', String(sleeper.pid)]),
    run(['ps', empty]),
    run(['ps', empty, '--json']),
  ])
  expect([process_, directory, json].map(({ code }) => code)).toEqual([1, 1, 1])
  expect(process_.errors).toContain(`process ${sleeper.pid} (sleep) has not loaded threadmeter`)
  expect(directory.errors).toBe(`threadmeter: no process can be seen in ${empty}\n`)
  expect((JSON.parse(json.output) as Document).services).toEqual([])
  expect(json.errors).toBe(directory.errors)
})
