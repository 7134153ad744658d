import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from './installed.js'

const CHECK = join(ROOT, '.ci', 'symbols.mjs')
const SOURCE = fileURLToPath(new URL('fixtures/greedy-addon.c', import.meta.url))

const check = (...args: string[]) =>
  spawnSync(process.execPath, [CHECK, ...args], { encoding: 'utf8' })

describe('the symbols that an addon asks for', () => {
  let folder: string

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'threadmeter-symbols-'))
    for (const arch of ['x64', 'arm64']) {
      const platform = join(folder, `linux-${arch}`)
      mkdirSync(platform)
      execFileSync('cc', ['-shared', '-fPIC', '-o', join(platform, 'greedy.node'), SOURCE])
    }
  })

  afterAll(() => rmSync(folder, { recursive: true }))

  it('are all allowed in the shipped ones', () => {
    const { status, stdout, stderr } = check()
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^linux-arm64\/threadmeter\.node: \d+ symbols, all allowed$/m)
    expect(stdout).toMatch(/^linux-x64\/threadmeter\.node: \d+ symbols, all allowed$/m)
    expect(status).toBe(0)
  })

  it('are named where they are not', () => {
    const { status, stdout, stderr } = check(folder)
    const lines = stderr.trimEnd().split('\n')
    const other = process.arch === 'x64' ? 'arm64' : 'x64'
    expect(status).toBe(1)
    expect(stdout).toBe('')
    expect(lines).toContain(`linux-${other}/greedy.node is for ${process.arch}`)
    for (const offence of [
      'needs the library libc.so.6',
      'needs versioned symbols',
      'needs the symbol gnu_get_libc_version',
      'exports greedy',
      'does not export napi_register_module_v1',
    ]) {
      expect(lines).toContain(`linux-${process.arch}/greedy.node ${offence}`)
    }
  })
})
