import { THREAD_ROLES, type ThreadRole } from 'threadmeter'
import { describe, expect, it } from 'vitest'
import { aheadOfOthers, type RunOptions, runFixture } from '../fixtures/run.js'

interface Helper {
  role: ThreadRole
  name: string
  comm: string
  /** ns that threads() saw it use. */
  grown: number
  /** ns by /proc. */
  kernel: number
}

interface Result {
  processName: string
  helpers: Helper[]
}

const run = (
  work: 'libuv' | 'v8' | 'inspector' | 'signal',
  options: RunOptions = {},
): Promise<Result> => runFixture('roles.mjs', { ...options, args: [work] })

const used = (helpers: Helper[]): number =>
  helpers.reduce((total, { kernel }) => total + kernel, 0) / 1e6

const inRole = ({ helpers }: Result, role: ThreadRole): Helper[] =>
  helpers.filter((helper) => helper.role === role)

describe('roles of helper threads', () => {
  it('put hashing on the pool under libuv', async () => {
    const result = await run('libuv', { wrapper: ['env', 'UV_THREADPOOL_SIZE=3'] })
    const pool = inRole(result, 'libuv')
    expect(pool).toHaveLength(3)
    expect(used(pool)).toBeGreaterThan(50)
    expect(used(pool) / used(result.helpers)).toBeGreaterThan(0.95)
    for (const { grown, kernel } of pool) expect(grown).toBe(kernel)
  })

  it('are told also of threads that ran whenever they were first looked at', async () => {
    const { looks, atTheEnd } = await runFixture<{ looks: number; atTheEnd: number }>(
      'busy-at-birth.mjs',
    )
    expect(looks).toBeGreaterThan(10)
    expect(atTheEnd).toBe(4)
  })

  it('put garbage collection under v8, and none of it when it is not done in parallel', async () => {
    // The collector leaves to the main thread what its helpers get no processor for.
    const wrapper = aheadOfOthers()
    const nodeArgs = ['--v8-pool-size=3']
    const parallel = await run('v8', { wrapper, nodeArgs })
    const single = await run('v8', { wrapper, nodeArgs: [...nodeArgs, '--single-threaded'] })
    // Three workers and the scheduler of delayed tasks.
    expect(inRole(parallel, 'v8')).toHaveLength(4)
    expect(used(inRole(parallel, 'v8'))).toBeGreaterThan(10)
    expect(used(inRole(parallel, 'v8')) / used(parallel.helpers)).toBeGreaterThan(0.95)
    expect(used(inRole(single, 'v8'))).toBeLessThan(used(inRole(parallel, 'v8')) / 5)
  })

  it("put the inspector's thread under inspector where it has a name, else under other", async () => {
    const { processName, helpers } = await run('inspector', { nodeArgs: ['--inspect=0'] })
    const busy = helpers.filter(({ role, kernel }) => role !== 'v8' && kernel > 1e6)
    expect(busy).toHaveLength(1)
    const [thread] = busy as [Helper]
    expect(thread.role).toBe(thread.comm === processName ? 'other' : 'inspector')
  })

  it('know the thread that waits for the signal to open the inspector', async () => {
    const quiet = inRole(await run('libuv'), 'inspector')
    expect(quiet.map(({ kernel }) => kernel)).toEqual([0])
    const signalled = await run('signal', { nodeArgs: ['--inspect-port=0'] })
    expect(inRole(signalled, 'inspector').some(({ kernel }) => kernel > 0)).toBe(true)
  })

  it('come with the kernel name of a thread that has one of its own, else with the role', async () => {
    const { processName, helpers } = await run('libuv')
    expect(helpers.length).toBeGreaterThan(4)
    for (const { name, comm, role } of helpers) {
      expect(name).toBe(comm === processName ? role : comm)
      expect(THREAD_ROLES).toContain(role)
    }
  })
})
