import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installTarball, type ProgramOptions, type Project } from './installed.js'

interface Outcome {
  result?: unknown
  error?: { name: string; code: string; message: string }
  cause?: string
}

interface Report {
  hasOwnCall: boolean
  capabilities: Record<string, { available: boolean; source?: string; reason?: string }>
  outcomes: Record<string, Outcome>
  functions: string[]
}

// Node 20 knows the permission model by its first name only.
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'
const FREEBSD = new URL('fixtures/freebsd.mjs', import.meta.url).href

interface Host extends ProgramOptions {
  host: string
  reason: RegExp
  breakAddon?: boolean
}

const HOSTS: Host[] = [
  {
    host: 'on another platform',
    nodeArgs: ['--import', FREEBSD],
    reason: /no addon for freebsd-/,
  },
  {
    host: 'on another processor',
    env: { npm_config_arch: 'riscv64' },
    reason: /No native build was found for platform=linux arch=riscv64/,
  },
  {
    host: 'with --no-addons',
    nodeArgs: ['--no-addons'],
    reason: /loading addons is disabled/,
  },
  {
    host: 'under the permission model',
    nodeArgs: [PERMISSION, '--allow-fs-read=*'],
    reason: /loading addons is disabled/,
  },
  {
    host: 'with a broken addon file',
    breakAddon: true,
    reason: /invalid ELF header|file too short/,
  },
]

// Everything that is a function, and does without the addon.
const NEEDS_NO_ADDON = ['capabilities', 'ThreadmeterError']

let intact: Project

beforeAll(async () => {
  intact = await installTarball()
})

afterAll(() => intact.remove())

describe.each(HOSTS)('without the addon, $host', ({ reason, breakAddon, ...options }) => {
  let project: Project
  let before: string[]
  let report: Report

  beforeAll(async () => {
    project = breakAddon ? await installTarball() : intact
    if (breakAddon) {
      const addon = `prebuilds/linux-${process.arch}/threadmeter.node`
      writeFileSync(join(project.installed, addon), 'no addon')
    }
    before = project.files()
    report = JSON.parse(await project.run('without-addon.mjs', options))
  })

  afterAll(() => breakAddon && project.remove())

  it('imports, and compiles nothing', () => {
    expect(project.files()).toEqual(before)
    expect(report.functions).toContain('threads')
  })

  it('tells the reason in capabilities()', () => {
    const { threadCpuUsage, diagnostics, ...others } = report.capabilities
    // The addon is not what they lack: they wait to be enabled.
    expect(diagnostics).toMatchObject({
      available: false,
      reason: expect.stringContaining('enableDiagnostics()'),
    })
    for (const [name, capability] of Object.entries(others)) {
      expect(capability.available, name).toBe(false)
      expect(capability.reason, name).toMatch(reason)
    }
    expect(threadCpuUsage?.available).toBe(report.hasOwnCall)
    if (report.hasOwnCall) expect(threadCpuUsage?.source).toBe('process.threadCpuUsage()')
    else expect(threadCpuUsage?.reason).toMatch(reason)
  })

  it("answers threadCpuUsage() by Node's own call where there is one", () => {
    const { result, error, cause } = report.outcomes.threadCpuUsage as Outcome
    if (report.hasOwnCall) {
      const { user, system } = result as { user: number; system: number }
      expect(user + system).toBeGreaterThan(0)
    } else {
      expect(error?.code).toBe('ERR_THREADMETER_ADDON_UNAVAILABLE')
      expect(cause).toMatch(reason)
    }
  })

  it('throws a coded error with its cause from everything else', () => {
    const { threadCpuUsage, ...others } = report.outcomes
    const tried = [...Object.keys(others), 'threadCpuUsage', ...NEEDS_NO_ADDON]
    expect(tried.sort()).toEqual(report.functions.sort())
    for (const [name, { error, cause }] of Object.entries(others)) {
      expect(error?.name, name).toBe('ThreadmeterError')
      expect(error?.code, name).toBe('ERR_THREADMETER_ADDON_UNAVAILABLE')
      expect(error?.message, name).toContain('needs the native addon')
      expect(cause, name).toMatch(reason)
    }
  })
})
