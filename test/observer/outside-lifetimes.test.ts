import { readFileSync, readlinkSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { schedstat } from '../fixtures/proc.mjs'
import { ServiceProcess, sumOf, TestObserver, temporaryDirectory } from './service.js'

const CPU = 'nodejs_thread_cpu_seconds_total'
const NS_PER_SECOND = 1e9

/** All counters, by name. */
const countersOf = (values: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => /_total\{/.test(name)))

function expectNoneLower(now: Record<string, number>, before: Record<string, number>): void {
  for (const [name, value] of Object.entries(countersOf(before))) {
    expect(now[name], name).toBeGreaterThanOrEqual(value)
  }
}

it('keeps what a worker used that has ended, its last moments included, and counts it once', async () => {
  const dir = temporaryDirectory()
  const service = await ServiceProcess.start(dir, ['short'])
  const observer = new TestObserver(dir)
  const before = observer.values()
  await service.tell('short', 'burn', 50)
  await service.tell('short', 'end')
  observer.service.refresh()
  const [ended] = observer.service.ended
  const finalCpu = (ended?.header.finalCpu ?? 0) / NS_PER_SECOND
  expect(finalCpu).toBeGreaterThan(0.05)

  const label = 'thread=short,'
  expect(sumOf(before, CPU, label)).toBeLessThan(finalCpu)
  const after = observer.values()
  expect(sumOf(after, CPU, label)).toBeCloseTo(finalCpu, 6)
  expectNoneLower(after, before)

  expect(observer.service.fold()).toBe(1)
  const folded = observer.values()
  expect(sumOf(folded, CPU, label)).toBeCloseTo(finalCpu, 6)
  expectNoneLower(folded, after)
  expect(sumOf(folded, 'nodejs_threads', 'role=worker')).toBe(
    sumOf(after, 'nodejs_threads', 'role=worker'),
  )
})

it('takes over what a worker used that ends right before its file is folded', async () => {
  const dir = temporaryDirectory()
  const service = await ServiceProcess.start(dir, ['unseen'])
  const observer = new TestObserver(dir)
  await service.tell('unseen', 'burn', 30)
  await service.tell('unseen', 'end')
  // Nobody has looked since it started, nor will there be anything to look at.
  expect(observer.service.fold()).toBe(1)
  const cpu = sumOf(observer.values(), CPU, 'role=worker')
  expect(cpu).toBeGreaterThan(0.03)
  const exited = sumOf(observer.values(), 'nodejs_process_cpu_seconds_total', 'part=exited')
  expect(exited).toBeLessThan(0.03)
})

it('goes on with the counters of a process that was killed, in the next one of its number', async () => {
  const dir = temporaryDirectory()
  const observer = new TestObserver(dir)
  let before = observer.values()
  let used = 0
  for (let life = 1; life <= 3; life++) {
    const service = await ServiceProcess.start(dir, ['pool'])
    expect(service.slot).toBe(0)
    await service.tell('pool', 'burn', 40)
    await service.tell('pool', 'hold', 60_000)
    await setTimeout(50)
    const values = observer.values()
    expectNoneLower(values, before)
    const tid = service.tids.get('pool') as number
    used += schedstat(tid, service.pid).run / NS_PER_SECOND
    expect(sumOf(values, CPU, 'thread=pool,')).toBeCloseTo(used, 6)
    // With one process at a time there is nothing to tell apart.
    expect(Object.keys(values).some((name) => name.includes('process='))).toBe(false)
    await service.killed()
    before = observer.values()
    expectNoneLower(before, values)
    expect(sumOf(before, CPU, 'thread=pool,')).toBeCloseTo(used, 6)
    expect(sumOf(before, 'nodejs_threads')).toBe(0)
    expect(before).not.toHaveProperty('process_resident_memory_bytes{}')
    observer.service.fold()
  }
  expect(used).toBeGreaterThan(0.12)
})

it('tells processes apart as soon as there are several, and ever after', async () => {
  const dir = temporaryDirectory()
  const first = await ServiceProcess.start(dir)
  const observer = new TestObserver(dir)
  expect(observer.values()).toHaveProperty('process_resident_memory_bytes{}')
  const second = await ServiceProcess.start(dir)
  const values = observer.values()
  for (const { slot, pid } of [first, second]) {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const resident = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024
    const shown = values[`process_resident_memory_bytes{process=${slot}}`] as number
    expect(shown / resident).toBeCloseTo(1, 1)
  }
  await second.killed()
  const after = observer.values()
  expectNoneLower(after, values)
  expect(after).toHaveProperty(`process_resident_memory_bytes{process=${first.slot}}`)
  expect(after).not.toHaveProperty(`process_resident_memory_bytes{process=${second.slot}}`)
})

it('goes on where the observer before was, whatever ended meanwhile', async () => {
  const dir = temporaryDirectory()
  const service = await ServiceProcess.start(dir, ['stays', 'goes'])
  const first = new TestObserver(dir)
  await service.tell('stays', 'burn', 30)
  await service.tell('goes', 'burn', 30)
  await setTimeout(100)
  const shown = first.values()
  first.service.close()

  await service.tell('goes', 'end')
  const second = new TestObserver(dir)
  const values = second.values()
  expectNoneLower(values, shown)
  const [ended] = second.service.ended
  expect(sumOf(values, CPU, 'thread=goes,')).toBeCloseTo((ended?.header.finalCpu ?? 0) / 1e9, 6)
  second.service.fold()
  second.service.close()

  await service.killed()
  const third = new TestObserver(dir).values()
  expectNoneLower(third, values)
  expect(sumOf(third, CPU)).toBeCloseTo(sumOf(values, CPU), 2)
})

it('lets several observers count together, without counting anything twice', async () => {
  const dir = temporaryDirectory()
  const service = await ServiceProcess.start(dir, ['a'])
  const leader = new TestObserver(dir)
  const other = new TestObserver(dir, { leads: false })
  other.collect()
  await service.tell('a', 'burn', 30)
  await service.tell('a', 'end')
  // The other one sees neither the thread nor its file again.
  leader.service.fold()
  let before = other.values()
  expect(sumOf(before, CPU, 'thread=a,')).toBeGreaterThan(0.03)
  for (let life = 1; life <= 3; life++) {
    await service.add(`w${life}`)
    await service.tell(`w${life}`, 'burn', 10)
    for (const observer of [leader, other, new TestObserver(dir, { leads: false })]) {
      const values = observer.values()
      expectNoneLower(values, before)
      before = values
    }
  }
  const threads = other.readings?.threads ?? []
  const live = threads.reduce((sum, { cpuTime }) => sum + cpuTime, 0)
  const ended = sumOf(before, CPU, 'thread=a,')
  expect(sumOf(other.values(), CPU)).toBeLessThan(live + ended + 0.05)
})

it('begins anew beside a file that is none of its own, and says so', async () => {
  const dir = temporaryDirectory()
  await ServiceProcess.start(dir)
  for (const text of [
    '',
    '{"version":1,"slots":[{"slot":-1}]}',
    '{"version":2,"slots":[]}',
    'null',
  ]) {
    writeFileSync(`${dir}/observed`, text)
    const observer = new TestObserver(dir, { leads: false })
    expect(sumOf(observer.values(), CPU)).toBeGreaterThan(0)
    expect(observer.readings?.problem).not.toBe('')
  }
})

it('does not overwrite counters that it could not read', async () => {
  const dir = temporaryDirectory()
  await ServiceProcess.start(dir)
  const first = new TestObserver(dir)
  first.collect()
  first.service.close()
  const kept = `${dir}/observed`
  const elsewhere = `${dir}/elsewhere`
  renameSync(kept, elsewhere)
  symlinkSync(elsewhere, kept)
  const text = readFileSync(elsewhere, 'utf8')
  const second = new TestObserver(dir)
  expect(second.collect().problem).toContain('ELOOP')
  expect(second.collect().problem).toContain('ELOOP')
  expect(readlinkSync(kept)).toBe(elsewhere)
  expect(readFileSync(elsewhere, 'utf8')).toBe(text)
  renameSync(elsewhere, kept)
  expect(second.collect().problem).toBe('')
})
