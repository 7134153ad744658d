import { describe, expect, it } from 'vitest'
import { Running } from './running.js'

// The small programs of examples/, run as they stand.

describe('own-thread.mjs', () => {
  it('tells the CPU time of each task, apart from the time that it took', async () => {
    const program = new Running('own-thread.mjs', [])
    await program.end()
    expect(program.errors).toBe('')
    const lines = [...program.output.matchAll(/^(.+): ([\d.]+) ms of CPU(?: in ([\d.]+) ms)?$/gm)]
    const tasks = new Map(
      lines.map(([, task, cpu, wall]) => [task, { cpu: Number(cpu), wall: Number(wall) }]),
    )
    expect([...tasks.keys()]).toEqual([
      'compress',
      'sort',
      'execSync sleep',
      'report',
      'all of them',
    ])
    const of = (task: string) => tasks.get(task) as { cpu: number; wall: number }

    for (const task of ['compress', 'sort']) {
      expect(of(task).cpu).toBeGreaterThan(0)
      // Rounded to 0.1 ms.
      expect(of(task).cpu).toBeLessThan(of(task).wall + 0.2)
    }
    // It sleeps for 100 ms, without CPU.
    expect(of('execSync sleep').wall).toBeGreaterThan(100)
    expect(of('execSync sleep').wall - of('execSync sleep').cpu).toBeGreaterThan(75)

    const sum = [...tasks].reduce(
      (all, [task, { cpu }]) => (task === 'all of them' ? all : all + cpu),
      0,
    )
    expect(of('all of them').cpu).toBeGreaterThan(sum - 0.3)
  })
})

describe('watch-threads.mjs', () => {
  it('logs the thread that is blocked, and when that is over', async () => {
    const program = new Running('watch-threads.mjs', [])
    await program.end()
    expect(program.errors).toBe('')
    const events = program.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ name }) => name === 'thumbnails')
    const blocked = events.findIndex(({ verdict }) => verdict === 'blocked')
    expect(events[blocked]).toMatchObject({ tid: expect.any(Number), cpu: expect.any(Number) })
    const over = events.slice(blocked + 1).find(({ verdict }) => verdict === 'well again')
    // It sleeps for 2 s, and is looked at every 0.5 s.
    expect(over.seconds).toBeGreaterThan(1)
    expect(over.seconds).toBeLessThan(4)
  })
})
