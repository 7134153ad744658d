import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { allCount, runTasks } from '../tasks.js'
import { COUNTERS, describeClients, type Family, processMicros, SECOND, value } from './clients.js'

describeClients('counters', ({ setUp }) => {
  it('never go down while workers come and go, and lose nothing of a pool', async () => {
    const { json } = setUp()
    const last = new Map<string, number>()
    let scrapes = 0
    const scrape = async (): Promise<Family[]> => {
      const families = await json()
      scrapes++
      for (const { name, type, values } of families) {
        if (type !== 'counter') continue
        for (const { labels, value: now } of values) {
          const key = `${name} ${JSON.stringify(labels)}`
          if (now < (last.get(key) ?? 0)) expect.fail(`${key}: ${last.get(key)} to ${now}`)
          last.set(key, now)
        }
      }
      return families
    }
    const names = Array.from({ length: 40 }, (_, index) => ['alpha', 'beta', undefined][index % 3])
    let running = true
    const work = runTasks(names, 4, 10).finally(() => {
      running = false
    })
    while (running) {
      await scrape()
      await sleep(7)
    }
    const used = await work
    await allCount()
    const families = await scrape()
    expect(scrapes).toBeGreaterThan(20)
    for (const pool of ['alpha', 'beta']) {
      const told = used.filter((_, index) => names[index] === pool)
      const total = told.reduce((sum, micros) => sum + micros, 0)
      const counted = value(families, COUNTERS.cpu, { thread: pool, role: 'worker' }) * SECOND
      const elsewhere = value(families, COUNTERS.cpu, { role: 'worker' }) * SECOND
      // A scrape may have met a worker before it named itself; what it had used by then, to start,
      // stays under worker-<threadId>. After its last word it still has to take its isolate down.
      expect(counted).toBeGreaterThan(total * 0.4)
      expect(elsewhere).toBeGreaterThan(used.reduce((sum, micros) => sum + micros, 0))
    }
    const slack = Math.max(processMicros() / 100, 5000)
    const off = Math.abs(value(families, COUNTERS.process) * SECOND - processMicros())
    expect(off).toBeLessThan(slack)
  })

  it('keep to the label budget while hundreds of workers come and go', async () => {
    const { json } = setUp({ maxThreads: 8, contextSwitches: false })
    const names = Array.from({ length: 200 }, (_, index) =>
      index % 2 === 0 ? undefined : `churn-${index}`,
    )
    const labels = new Set<unknown>()
    let running = true
    const work = runTasks(names, 6, 1).finally(() => {
      running = false
    })
    let families: Family[] = []
    while (running) {
      families = await json()
      await sleep(20)
    }
    const used = (await work).reduce((sum, micros) => sum + micros, 0)
    families = await json()
    for (const family of families) {
      for (const sample of family.values) {
        if (sample.labels.role === 'worker') labels.add(sample.labels.thread ?? 'worker')
      }
    }
    // Eight, and `worker` for what has no name.
    expect(labels.size).toBeLessThanOrEqual(9)
    expect(labels).toContain('churn')
    expect(labels).toContain('worker')
    expect(value(families, COUNTERS.cpu, { role: 'worker' }) * SECOND).toBeGreaterThan(used)
  })

  it('stay as they are on resetMetrics()', async () => {
    const { register, json } = setUp()
    const before = value(await json(), COUNTERS.cpu, { thread: 'main' })
    register.resetMetrics()
    expect(value(await json(), COUNTERS.cpu, { thread: 'main' })).toBeGreaterThanOrEqual(before)
  })
})
