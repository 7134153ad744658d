// Workers that use every call of the addon and are terminated in the middle, beside a main thread that
// looks at all of them without pause. Run with an instrumented addon: the sanitizer is the judge, and
// the figures must hold up as well.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { capabilities, processCpuUsage, ThreadSampler, threads, threadsInto } from 'threadmeter'

const ROUNDS = 4
const WORKERS = 6

const BODY = `
  import { parentPort, threadId } from 'node:worker_threads'
  const t = await import(${JSON.stringify(import.meta.resolve('threadmeter'))})
  const sampler = new t.ThreadSampler()
  const rows = new Float64Array(2 * t.THREAD_ROW.length)
  t.setThreadName('a) R (' + threadId % 100)
  parentPort.postMessage('ready')
  for (;;) {
    t.threadCpuUsage(t.threadCpuUsage())
    t.threadResourceUsage()
    t.measureCpu(() => t.threads({ contextSwitches: true, state: true }))
    t.threadsInto(rows, { cpu: true })
    t.processCpuUsage()
    sampler.sample()
  }
`

const sum = ({ user, system }) => user + system

function look(sampler) {
  const all = threads({ contextSwitches: true, state: true })
  assert.equal(new Set(all.map(({ tid }) => tid)).size, all.length)
  assert.equal(all[0].role, 'main')
  sampler.sample()
  const parts = processCpuUsage()
  assert.ok(sum(parts.total) >= sum(parts.main))
}

assert.ok(capabilities().addon.available, capabilities().addon.reason)
const sampler = new ThreadSampler()
const detached = new Float64Array(64)
structuredClone(detached.buffer, { transfer: [detached.buffer] })
assert.ok(threadsInto(detached) > 0)

let ended = 0
for (let round = 0; round < ROUNDS; round++) {
  const url = new URL(`data:text/javascript,${encodeURIComponent(BODY)}`)
  const workers = Array.from({ length: WORKERS }, () => new Worker(url))
  // Half of the rounds end while workers are still importing the addon.
  if (round % 2 === 0) await Promise.all(workers.map((worker) => once(worker, 'message')))
  const until = Date.now() + 400
  while (Date.now() < until) {
    look(sampler)
    if (round % 2 === 1) await setTimeout(1)
  }
  const exits = workers.map((worker) => once(worker, 'exit'))
  for (const worker of workers) worker.terminate()
  for (let i = 0; i < 20; i++) {
    look(sampler)
    await setTimeout(5)
  }
  await Promise.all(exits)
  ended += WORKERS
}
assert.deepEqual(
  threads().filter(({ role }) => role === 'worker'),
  [],
)
globalThis.gc?.()
console.log(`${ended} workers came and went`)
