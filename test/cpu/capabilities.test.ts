import {
  type Capabilities,
  type Capability,
  capabilities,
  threadCpuUsage,
  threads,
} from 'threadmeter'
import { beforeAll, describe, expect, it } from 'vitest'
import { runFixture } from '../fixtures/run.js'

const FIELDS = [
  'addon',
  'threadCpuUsage',
  'ownThread',
  'registeredThreads',
  'allThreads',
  'runDelay',
  'eventLoopUtilization',
  'meterFiles',
  'diagnostics',
]

const reasonOf = (capability: Capability): string =>
  capability.available ? `available: ${capability.source}` : capability.reason

describe('capabilities() with the addon', () => {
  it('has a source or a reason for each field', () => {
    const found = capabilities()
    expect(Object.keys(found)).toEqual(FIELDS)
    for (const capability of Object.values(found)) {
      expect(Object.keys(capability)).toEqual([
        'available',
        capability.available ? 'source' : 'reason',
      ])
      expect(Object.values(capability)[1]).toMatch(/\S/)
    }
  })

  it('agrees with what threads() gives', () => {
    const { addon, allThreads, runDelay, eventLoopUtilization, registeredThreads } = capabilities()
    const list = threads()
    const main = list.find(({ role }) => role === 'main')
    expect(addon.available).toBe(true)
    expect(registeredThreads.available).toBe(main !== undefined)
    expect(allThreads.available).toBe(list.some(({ threadId }) => threadId === null))
    expect(runDelay.available).toBe(main?.runDelay !== null)
    expect(eventLoopUtilization.available).toBe(main?.eventLoopUtilization !== null)
  })
})

describe('capabilities() without the addon', () => {
  let found: Capabilities

  beforeAll(async () => {
    const result = await runFixture<{ capabilities: Capabilities }>('without-addon.mjs', {
      nodeArgs: ['--no-addons'],
    })
    found = result.capabilities
  })

  it('says why for all that needs it', () => {
    const { threadCpuUsage: own, diagnostics, ...others } = found
    expect(Object.keys(found)).toEqual(FIELDS)
    for (const capability of Object.values(others)) {
      expect(reasonOf(capability)).toMatch(/^the addon could not be loaded: .*\baddons?\b/)
    }
    // They need a helper, and no addon.
    expect(reasonOf(diagnostics)).toContain('enableDiagnostics()')
    expect(own.available).toBe('threadCpuUsage' in process)
  })

  it("names Node's own call as the source of threadCpuUsage() where there is one", () => {
    const expected =
      'threadCpuUsage' in process ? 'available: process.threadCpuUsage()' : reasonOf(found.addon)
    expect(reasonOf(found.threadCpuUsage)).toBe(expected)
    expect(reasonOf(capabilities().threadCpuUsage)).not.toBe(expected)
    expect(threadCpuUsage().user).toBeGreaterThan(0)
  })
})
