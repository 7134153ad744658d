import { beforeAll, describe, expect, it } from 'vitest'
import { runFixture } from '../fixtures/run.js'

interface Usage {
  user: number
  system: number
}

interface Outcome<T> {
  result?: T
  error?: { name: string; code: string; message: string }
  cause?: string
}

interface Report {
  ownCall: boolean
  sources: Record<string, boolean>
  usage: Outcome<Usage>
  steps: Outcome<{
    calls: number
    lowest: number
    fractions: number
    first: Usage
    last: Usage
  }>
  difference: Outcome<Record<'outer' | 'start' | 'before' | 'given' | 'after', Usage>>
  previous: { label: string; threadmeter: Outcome<Usage>; node: Outcome<Usage> }[]
}

const UNAVAILABLE = {
  name: 'ThreadmeterError',
  code: 'ERR_THREADMETER_ADDON_UNAVAILABLE',
  message: 'threadCpuUsage() needs the native addon, which could not be loaded (see cause)',
}

const nodeHasOwnCall = 'threadCpuUsage' in process

// Which of the two expectations holds is a feature of the host, and both are asserted on every Node.
const HOSTS = [
  { host: 'the addon', nodeArgs: [], args: [], works: true, addon: true },
  {
    host: "Node's own call",
    nodeArgs: ['--no-addons'],
    args: [],
    works: nodeHasOwnCall,
    addon: false,
  },
  {
    host: 'neither',
    nodeArgs: ['--no-addons'],
    args: ['without-own-call'],
    works: false,
    addon: false,
  },
]

const sum = ({ user, system }: Usage): number => user + system

/** The result, or the reason why there is none. */
function resultOf<T>({ result, error }: Outcome<T>): T {
  if (result === undefined) throw new Error(`no result: ${JSON.stringify(error)}`)
  return result
}

describe.each(HOSTS)('threadCpuUsage() by $host', ({ nodeArgs, args, works, addon }) => {
  let reports: { main: Report; worker: Report }

  beforeAll(async () => {
    reports = await runFixture('contract.mjs', { nodeArgs, args })
  })

  describe.each(['main', 'worker'] as const)('in %s', (thread) => {
    it('has what this host was meant to have', () => {
      expect(reports[thread].ownCall).toBe(nodeHasOwnCall && args.length === 0)
      expect(reports[thread].sources).toMatchObject({ addon, threadCpuUsage: works })
    })

    if (works) {
      it('returns user and system and nothing else, as integers', () => {
        const usage = resultOf(reports[thread].usage)
        expect(Object.keys(usage)).toEqual(['user', 'system'])
        expect(Object.values(usage).every(Number.isInteger)).toBe(true)
        expect(sum(usage)).toBeGreaterThan(0)
      })

      it('never goes down in either part', () => {
        const { calls, lowest, fractions, first, last } = resultOf(reports[thread].steps)
        expect(calls).toBeGreaterThanOrEqual(100_000)
        expect({ lowest, fractions }).toEqual({ lowest: 0, fractions: 0 })
        expect(sum(last)).toBeGreaterThan(sum(first))
      })

      it('returns the difference to a previous reading', () => {
        const { start, before, given, after } = resultOf(reports[thread].difference)
        for (const part of ['user', 'system'] as const) {
          expect(given[part]).toBeGreaterThanOrEqual(before[part] - start[part])
          expect(given[part]).toBeLessThanOrEqual(after[part] - start[part])
        }
        expect(sum(given)).toBeGreaterThan(0)
        expect(sum(given)).toBeLessThan(sum(after))
      })

      it('takes and refuses the previous values that process.cpuUsage() does', () => {
        for (const { label, threadmeter, node } of reports[thread].previous) {
          expect(threadmeter.error, label).toEqual(node.error)
          expect(Object.keys(threadmeter.result ?? {}), label).toEqual(
            Object.keys(node.result ?? {}),
          )
        }
      })

      it('treats what is falsy as no previous reading', () => {
        const { usage, previous } = reports[thread]
        const falsy = ['nothing', 'null', 'zero', 'an empty string', 'false', 'NaN']
        for (const { label, threadmeter } of previous.filter(({ label }) =>
          falsy.includes(label),
        )) {
          expect(sum(resultOf(threadmeter)), label).toBeGreaterThanOrEqual(sum(resultOf(usage)))
        }
      })
    } else {
      it('throws a coded error that carries the reason', () => {
        const { usage, steps, difference } = reports[thread]
        for (const { error, cause } of [usage, steps, difference]) {
          expect(error).toEqual(UNAVAILABLE)
          expect(cause).toBe('ERR_DLOPEN_DISABLED')
        }
      })

      it('refuses bad previous values as process.cpuUsage() does before it says so', () => {
        for (const { label, threadmeter, node } of reports[thread].previous) {
          expect(threadmeter.error, label).toEqual(node.error ?? UNAVAILABLE)
        }
      })
    }

    it('was asked with values of every kind', () => {
      const refused = reports[thread].previous.filter(({ node }) => node.error !== undefined)
      expect(new Set(refused.map(({ node }) => node.error?.code)).size).toBeGreaterThan(1)
      expect(refused.length).toBeGreaterThan(20)
      expect(reports[thread].previous.length - refused.length).toBeGreaterThan(8)
    })
  })
})
