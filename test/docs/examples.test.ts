import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

// Every JavaScript example that a user can read, run as it stands: those of the README and of docs/, and
// those in the docstrings of lib/. `js` must end by itself with code 0. `js server` starts something that
// serves: it must still be running, without an error, after a while. `js fragment` is not run alone.

interface Example {
  where: string
  info: string
  code: string
}

const BLOCK = /^([ \t]*(?:\* )?)```(js(?![a-z])[^\n]*)\n([\s\S]*?)^[ \t]*(?:\* )?```/gm

function examplesOf(path: string): Example[] {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(BLOCK)].map(([, margin, info, code], index) => ({
    where: `${path} #${index + 1}`,
    info: info as string,
    code: margin?.includes('*') ? (code as string).replace(/^[ \t]*\* ?/gm, '') : (code as string),
  }))
}

const files = (folder: string, ending: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`)
    .sort()

const examples = ['README.md', ...files('docs', '.md'), ...files('lib', '.ts')]
  .flatMap(examplesOf)
  .filter(({ info }) => !info.includes('fragment'))

interface Ending {
  code: number | null
  signal: NodeJS.Signals | null
  stderr: string
}

function run(code: string, limitMs: number): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-'], {
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
    child.on('error', reject)
    child.on('close', (exitCode, signal) => {
      clearTimeout(timer)
      resolve({ code: exitCode, signal, stderr })
    })
    child.stdin.end(code)
  })
}

const PROGRAM_LIMIT_MS = 30_000
const SERVER_RUNS_MS = 2_500

describe('examples in the documentation', () => {
  it('are found', () => {
    expect(examples.length).toBeGreaterThan(10)
  })

  it.concurrent.each(examples)('$where runs', async ({ info, code }) => {
    const serves = info.includes('server')
    const ending = await run(code, serves ? SERVER_RUNS_MS : PROGRAM_LIMIT_MS)
    expect(ending).toEqual(
      serves
        ? { code: null, signal: 'SIGKILL', stderr: '' }
        : { code: 0, signal: null, stderr: '' },
    )
  })
})
