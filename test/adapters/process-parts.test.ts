import { describe, expect, it } from 'vitest'
import { ProcessParts } from '../../dist/adapters/process-parts.js'
import type { ThreadSeries } from '../../dist/adapters/thread-totals.js'
import { randomNumbers } from './simulated-process.js'

const series = (role: ThreadSeries['role'], user: number, system: number): ThreadSeries => ({
  thread: role,
  role,
  threadId: null,
  user,
  system,
  runDelay: Number.NaN,
  voluntary: Number.NaN,
  involuntary: Number.NaN,
})

const none = { user: 0, system: 0 }

describe('process parts', () => {
  it('are those of the roles, and the rest of the process', () => {
    const parts = new ProcessParts()
    parts.update({ user: 100, system: 50 }, { user: 3, system: 1 }, [
      series('main', 20, 10),
      series('worker', 10, 5),
      series('v8', 4, 2),
      series('other', 1, 1),
      series('libuv', Number.NaN, Number.NaN),
    ])
    expect(parts).toMatchObject({
      main: { user: 20, system: 10 },
      workers: { user: 10, system: 5 },
      helpers: { user: 5, system: 3 },
      exited: { user: 62, system: 31 },
    })
  })

  it('never let the rest go down, whichever way the readings are off', () => {
    const random = randomNumbers(1)
    const parts = new ProcessParts()
    const total = { user: 0, system: 0 }
    const threads = series('worker', 0, 0)
    let before = { ...parts.exited }
    for (let round = 0; round < 5000; round++) {
      const [user, system] = [Math.floor(random() * 1000), Math.floor(random() * 300)]
      total.user += user
      total.system += system
      // Read apart, and split by ticks: some of one time shows up in the other.
      threads.user += Math.floor(user * random())
      threads.system += Math.floor(system * random() * 1.5)
      parts.update(total, none, [threads])
      const { exited } = parts
      const fell = exited.user < before.user || exited.system < before.system
      if (fell) expect.fail(`${JSON.stringify(before)} to ${JSON.stringify(exited)}`)
      before = { ...exited }
    }
    const sum = before.user + before.system + threads.user + threads.system
    expect(sum).toBe(total.user + total.system)
  })
})
