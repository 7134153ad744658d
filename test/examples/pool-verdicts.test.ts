import { STARVED_RUN_DELAY, STARVED_SLOWDOWN } from 'threadmeter'
import { afterEach, describe, expect, it } from 'vitest'
import { blocksOf, fewProcessors, rowsOf, settledOf, share } from './blocks.js'
import { Running } from './running.js'

// The pool example makes its threads busy, blocked, idle and starved: that is what it has to say of them.

const running: Running[] = []

function start(...args: string[]): Running {
  const pool = new Running('pool/main.mjs', args)
  running.push(pool)
  return pool
}

afterEach(() => {
  for (const pool of running.splice(0)) pool.kill()
})

describe('what it says of a thread', () => {
  it('is that one is busy, one blocked and one idle', async () => {
    const pool = start('--phase', 'quiet', '--seconds', '45')
    // Other programs on this machine may starve crunch for a while.
    await pool.untilOutput(
      (output) =>
        blocksOf(output).some((block) => {
          const verdicts = rowsOf(block).map(({ name, verdict }) => `${name} ${verdict}`)
          return ['crunch busy', 'shell blocked', 'standby idle'].every((it) =>
            verdicts.includes(it),
          )
        }),
      40_000,
    )
    pool.child.kill('SIGTERM')
    await pool.end()
  })

  it('agrees with the figures beside it', async () => {
    const pool = start('--phase', 'quiet', '--seconds', '5')
    await pool.end()
    const crunch = settledOf(pool.output, 'crunch')
    const shell = settledOf(pool.output, 'shell')
    expect(crunch.length).toBeGreaterThanOrEqual(5)
    // The event loop of neither ever waits: what differs is CPU.
    for (const { loop } of [...crunch, ...shell]) expect(loop).toBeGreaterThan(90)
    expect(Math.max(...shell.map(({ cpu }) => cpu))).toBeLessThan(20)
    expect(share(shell, 'blocked')).toBeGreaterThan(0.5)
    expect(share(settledOf(pool.output, 'standby'), 'idle')).toBe(1)
    // What the one did not run it waited for a processor: starved from a certain share on.
    for (const { cpu, runDelay, verdict } of crunch) {
      expect(cpu + runDelay).toBeGreaterThan(90)
      const waited = runDelay - STARVED_RUN_DELAY * 100
      const slowed = runDelay - cpu * (STARVED_SLOWDOWN - 1)
      const beyond = Math.min(waited, slowed)
      // Figures are rounded: at the very boundary either is right.
      if (Math.abs(beyond) > 0.2) expect(verdict).toBe(beyond > 0 ? 'starved' : 'busy')
    }
  })

  it('is that all are starved that want to run where threads are more than processors', async () => {
    // On a machine of many processors the example would have to start too many.
    const wrapper = ['taskset', '-c', fewProcessors()]
    const pool = new Running('pool/main.mjs', ['--phase', 'starved', '--seconds', '5'], { wrapper })
    running.push(pool)
    await pool.end()
    const crowd = settledOf(pool.output, 'crowd')
    expect(crowd.length).toBeGreaterThan(8)
    expect(share(crowd, 'starved')).toBeGreaterThan(0.7)
    expect(share(crowd, 'idle')).toBe(0)
    expect(share(settledOf(pool.output, 'crunch'), 'starved')).toBeGreaterThan(0.5)
    expect(share(settledOf(pool.output, 'standby'), 'idle')).toBe(1)
  })

  it("shows the pool's work, and the helpers' for it", async () => {
    const pool = start('--phase', 'work', '--seconds', '4')
    await pool.end()
    const blocks = blocksOf(pool.output).slice(1).map(rowsOf)
    const cpuOf = (role: string): number =>
      blocks
        .flatMap((rows) => rows.filter((row) => row.role === role))
        .reduce((a, b) => a + b.cpu, 0)
    expect(cpuOf('v8')).toBeGreaterThan(0)
    expect(cpuOf('libuv')).toBeGreaterThan(0)
    const poolThreads = settledOf(pool.output, 'pool')
    expect(Math.max(...poolThreads.map(({ cpu }) => cpu))).toBeGreaterThan(20)
    expect(pool.output).toMatch(/^now .* [1-9]\d* requests\/s: 95 % within \d+ ms$/m)
  })
})
