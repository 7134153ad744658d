import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanEnvironment } from '../fixtures/run.js'
import { ROOT } from './installed.js'

const CHECKED_IN = ['.ci', 'lib', 'native', 'prebuilds', 'binding.gyp', 'tsconfig.json']
const MANIFESTS = ['package.json', 'package-lock.json']

describe('.ci/setup.mjs in a checkout with its dependencies', () => {
  let checkout: string
  const path = (...parts: string[]) => join(checkout, ...parts)

  function setup(args: string[] = [], env: NodeJS.ProcessEnv = {}) {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [path('.ci', 'setup.mjs'), ...args],
      { encoding: 'utf8', env: { ...cleanEnvironment(), ...env } },
    )
    return { status, stdout, stderr }
  }

  beforeAll(() => {
    checkout = mkdtempSync(join(tmpdir(), 'threadmeter-checkout-'))
    for (const name of [...CHECKED_IN, ...MANIFESTS]) {
      cpSync(join(ROOT, name), path(name), { recursive: true })
    }
    symlinkSync(join(ROOT, 'node_modules'), path('node_modules'))
  })

  afterAll(() => rmSync(checkout, { recursive: true }))

  it('compiles what is missing, and then has nothing to do', () => {
    expect(setup()).toEqual({
      status: 0,
      stdout: '[setup] compiling lib/ to dist/ (tsc)\n',
      stderr: '',
    })
    expect(existsSync(path('dist', 'index.js'))).toBe(true)
    expect(setup()).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it('compiles again what was changed, and removes what is left of a deleted module', () => {
    writeFileSync(path('lib', 'passing.ts'), 'export const passing = 1\n')
    expect(setup().stdout).toBe('[setup] compiling lib/ to dist/ (tsc)\n')
    expect(existsSync(path('dist', 'passing.js'))).toBe(true)
    rmSync(path('lib', 'passing.ts'))
    expect(setup().stdout).toBe('[setup] compiling lib/ to dist/ (tsc)\n')
    expect(existsSync(path('dist', 'passing.js'))).toBe(false)
    expect(existsSync(path('dist', 'index.js'))).toBe(true)
  })

  it('says what does not compile', () => {
    writeFileSync(path('lib', 'wrong.ts'), "export const wrong: number = 'text'\n")
    const { status, stderr } = setup()
    rmSync(path('lib', 'wrong.ts'))
    expect(status).toBe(1)
    expect(stderr).toMatch(/^\[setup\] compiling lib\/ failed/)
    expect(stderr).toContain('lib/wrong.ts(1,14): error TS2322')
    expect(setup().status).toBe(0)
  })

  it('uses the prebuilt addon where there is no compiler', () => {
    const { status, stdout } = setup(['--native'], { CXX: 'no-such-compiler' })
    expect(status).toBe(0)
    expect(stdout).toBe(
      `[setup] not compiling the addon (no no-such-compiler): using prebuilds/linux-${process.arch}\n`,
    )
    expect(existsSync(path('build'))).toBe(false)
  })

  it('compiles the addon where there is one, once', () => {
    expect(setup(['--native'])).toEqual({
      status: 0,
      stdout: '[setup] compiling the addon (node-gyp)\n',
      stderr: '',
    })
    expect(existsSync(path('build', 'Release', 'threadmeter.node'))).toBe(true)
    expect(setup(['--native'])).toEqual({ status: 0, stdout: '', stderr: '' })
  })
})
