import { execFile } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { widthOf } from '../../dist/cli/terminal/text.js'
import type { CpuProfile } from '../../dist/diagnostics/model.js'
import { CLI, run } from './running.js'
import { lineOf, PROGRAM, sharedService } from './stuck-service.js'
import { temporaryFolder } from './temporary-folder.js'
import { sharedTerminal } from './terminal.js'

const ESCAPE = '\x1b'
const SGR = new RegExp(`${ESCAPE}\\[[\\d;]*m`, 'g')
// The line that is drawn again and again.
const DRAWN = new RegExp(`\\r(?!${ESCAPE}\\[K)([^\\r\\n]+)${ESCAPE}\\[K`, 'g')
const pty = sharedTerminal()
const service = sharedService({ main: 'fibonacci', mail: 'idle', shell: 'sleep' })

const args = (...more: string[]): string[] => ['profile', String(service.pid), ...more]
const profileIn = (path: string): CpuProfile => JSON.parse(readFileSync(path, 'utf8'))

it('names the guilty function, in a private file with a name of its own', async () => {
  const cwd = temporaryFolder()
  const { code, output, errors } = await run(args('--seconds', '1'), { cwd })
  expect({ code, output }).toEqual({ code: 0, output: '' })
  const [name, ...rest] = readdirSync(cwd) as [string]
  expect(rest).toEqual([])
  expect(name).toMatch(/^threadmeter-stuck-service-main-\d{8}-\d{6}\.cpuprofile$/)
  expect(statSync(join(cwd, name)).mode & 0o777).toBe(0o600)
  const profile = profileIn(join(cwd, name))
  expect(profile.threadmeter.thread).toMatchObject({ pid: service.pid, name: 'main' })
  const [start, head, top, , ...ends] = errors.trimEnd().split('\n') as string[]
  expect(start).toBe(`threadmeter: profiling main of ${service.pid} stuck-service.mjs for 1.0 s`)
  expect(head).toMatch(/^main \(thread 0\) {2}\d+ samples in \d.*; CPU \d+ %, run delay \d/)
  expect(head).toContain(` ${profile.samples.length} samples `)
  const line = lineOf('function fibonacci')
  expect(errors).toMatch(new RegExp(`^ +\\d+ % +.* fibonacci +${PROGRAM}:${line}:\\d+$`, 'm'))
  expect(Number.parseFloat(top as string)).toBeGreaterThan(50)
  expect(ends.at(-1) ?? errors).toContain(`${name}  `)
})

it('writes every format, also to standard output', async () => {
  const formats = ['cpuprofile', 'html', 'speedscope', 'pprof', 'folded']
  const folder = temporaryFolder()
  const endings = await Promise.all(
    formats.map((format) =>
      run(args('main', '-s', '0.2', '-F', format, '-o', join(folder, format))),
    ),
  )
  expect(endings.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
  const [cpuprofile, html, speedscope, pprof, folded] = formats.map((format) =>
    readFileSync(join(folder, format)),
  ) as [Buffer, Buffer, Buffer, Buffer, Buffer]
  const names = (JSON.parse(cpuprofile.toString()) as CpuProfile).nodes.map(
    ({ callFrame }) => callFrame.functionName,
  )
  expect(names).toContain('fibonacci')
  expect(html.toString()).toMatch(/^<!doctype html>[\s\S]*fibonacci/i)
  const { shared } = JSON.parse(speedscope.toString())
  expect(shared.frames.map(({ name }: { name: string }) => name)).toContain('fibonacci')
  expect(gunzipSync(pprof).toString('latin1')).toContain('fibonacci')
  expect(folded.toString()).toMatch(/^.*fibonacci@.*;fibonacci@\S+ \d+$/m)

  const piped = await run(args('-s', '0.2', '-F', 'folded', '-o', '-'))
  expect(piped.output).toMatch(/^.*fibonacci@.*;fibonacci@\S+ \d+$/m)
})

it('profiles all threads at once, and says that one cannot be reached', async () => {
  const [apart, together] = [temporaryFolder(), temporaryFolder()]
  const endings = await Promise.all([
    run(args('all', '-s', '0.5', '--json'), { cwd: apart }),
    run(args('all', '-s', '0.5', '-F', 'folded'), { cwd: together }),
  ])
  for (const { code, errors } of endings) {
    expect(code).toBe(4)
    expect(errors).toMatch(/^threadmeter: .* is in a native call, .*--wait S waits/m)
  }
  const documents = endings[0].output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  const [good, bad] = [documents.filter(({ file }) => file), documents.filter(({ error }) => error)]
  expect(good.map(({ file }) => file).sort()).toEqual(readdirSync(apart).sort())
  expect(good).toHaveLength(2)
  const main = good.find(({ thread }) => thread.name === 'main')
  expect(main).toMatchObject({ format: 'cpuprofile', partial: null, unit: 'microseconds' })
  expect(main.top[0]).toMatchObject({ functionName: 'fibonacci', file: PROGRAM })
  expect(bad).toMatchObject([{ error: { code: 'ERR_THREADMETER_THREAD_BLOCKED' } }])
  const [folded, ...rest] = readdirSync(together)
  expect(rest).toEqual([])
  expect(folded).toMatch(/-all-.*\.folded$/)
  const towers = readFileSync(join(together, folded as string), 'utf8').split('\n')
  expect(towers.some((line) => /^main;.*fibonacci@/.test(line))).toBe(true)
  expect(towers.some((line) => /^\(?(mail|worker)/.test(line))).toBe(true)
})

it('never writes over a file, nor begins where it could not write', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'mine')
  writeFileSync(path, 'mine')
  const long = ['-s', '60']
  const endings = await Promise.all([
    run(args(...long, '-o', path)),
    run(args(...long, '-o', join(folder, 'none', 'x'))),
    run(args('all', ...long, '-o', path)),
    run(args('all', ...long, '-o', '-')),
    run(args(...long, '-o', '-', '--json')),
    run(args(...long, '--open', '-F', 'pprof')),
  ])
  expect(endings.map(({ code }) => code)).toEqual([1, 1, 2, 2, 2, 2])
  expect(endings.map(({ errors }) => errors.split('\n')[0])).toEqual([
    `threadmeter: ${path} is there already; --overwrite replaces it`,
    `threadmeter: there is no directory ${folder}/none`,
    ...Array(2).fill(
      'threadmeter profile: --output takes a directory where several threads are asked for',
    ),
    'threadmeter profile: --json and --output - both mean standard output',
    'threadmeter profile: --open shows html, not pprof',
  ])
  const replaced = await run(args('-s', '0.2', '-o', path, '--overwrite'))
  expect(replaced.code).toBe(0)
  expect(profileIn(path).samples.length).toBeGreaterThan(0)
  expect(readdirSync(folder)).toEqual(['mine'])
})

it('opens a flame graph in the browser, or says how', async () => {
  const cwd = temporaryFolder()
  const opener = join(cwd, 'xdg-open')
  writeFileSync(opener, `#!/bin/sh\necho "$1" > '${cwd}/opened'\n`)
  chmodSync(opener, 0o755)
  const PATH = `${cwd}:${process.env.PATH}`
  const path = join(cwd, 'graph.html')
  const url = pathToFileURL(path).href
  const short = args('-s', '0.2', '--open', '--overwrite', '-o', path)
  const shown = await run(short, { env: { PATH, DISPLAY: ':7' } })
  expect(shown.errors).toContain(`\nopening ${url}\n`)
  for (const deadline = Date.now() + 10_000; !readdirSync(cwd).includes('opened'); ) {
    if (Date.now() > deadline) throw new Error('nothing was opened')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const told = await run(short, { env: { PATH, DISPLAY: '', WAYLAND_DISPLAY: '' } })
  expect(told.errors).toContain(`no browser can be opened from here: open ${url}\n`)
  expect(readFileSync(path, 'utf8')).toMatch(/^<!doctype html>/i)
})

it('shows on a terminal how far it is, within its width', async () => {
  const cwd = temporaryFolder()
  const widths = [20, 60, 200]
  const endings = await Promise.all(
    widths.map((width) =>
      run(args('-s', '0.6', '-o', join(cwd, String(width))), {
        wrapper: [pty.path, `24x${width}`],
      }),
    ),
  )
  endings.forEach(({ code, output }, place) => {
    const width = widths[place] as number
    expect(code).toBe(0)
    const lines = [...output.matchAll(DRAWN)].map(([, line]) => (line as string).replace(SGR, ''))
    for (const line of lines) expect(widthOf(line)).toBeLessThan(width)
    expect(lines.some((line) => / main /.test(line))).toBe(true)
    if (width > 20) expect(lines.join('\n')).toMatch(/^profiling main [█░]+ .* left$/m)
    // Nothing of it stays: what a line shows is what was written to it last.
    const shown = output.split(/\r*\n/).map((line) => line.slice(line.lastIndexOf('\r') + 1))
    expect(shown.some((line) => /samples in/.test(line))).toBe(true)
    expect(shown.filter((line) => /[█░]/.test(line))).toEqual([])
  })
})

it('ends quietly when its reader leaves', async () => {
  const command = `set -o pipefail; "$0" "$1" profile ${service.pid} -s 0.3 -o - 2>/dev/null | head -c 5`
  const { stdout } = await promisify(execFile)('bash', ['-c', command, process.execPath, CLI])
  expect(stdout).toHaveLength(5)
})
