// Workers that use every call of the addon, map their meter files and are terminated in the middle,
// beside a main thread that looks at all of them without pause. Run with an instrumented addon: the sanitizer is the judge, and
// the figures must hold up as well.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { capabilities, processCpuUsage, ThreadSampler, threads, threadsInto } from 'threadmeter'

const ROUNDS = 4
const WORKERS = 6
const ENDED = 2 // lib/meter/layout.ts

// The calls of meter files are not public. This file runs from the root of a copy of the package.
const NATIVE = import.meta.resolve('./dist/native.js')
const INTERRUPTIBLE = import.meta.resolve('./dist/diagnostics/channel/interruptible.js')
const CHANNEL = import.meta.resolve('./dist/diagnostics/channel/interrupt-channel.js')
const folder = mkdtempSync('/dev/shm/threadmeter-stress-')
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const BODY = `
  import { openSync } from 'node:fs'
  import { parentPort, threadId } from 'node:worker_threads'
  const t = await import(${JSON.stringify(import.meta.resolve('threadmeter'))})
  const { native, scratch } = await import(${JSON.stringify(NATIVE)})
  const sampler = new t.ThreadSampler()
  const rows = new Float64Array(2 * t.THREAD_ROW.length)
  t.setThreadName('a) R (' + threadId % 100)
  const { makeInterruptible } = await import(${JSON.stringify(INTERRUPTIBLE)})
  if (!makeInterruptible().available) throw new Error('interrupts')
  const fd = openSync(${JSON.stringify(folder)} + '/' + threadId, 'w+', 0o600)
  if (native.bindMeter(fd) !== 0) throw new Error('bind')
  let kept = []
  parentPort.postMessage({ tid: native.gettid(), threadId })
  for (let i = 0; ; i++) {
    const buffer = native.mapSegment(fd, 4096 * (1 + i % 500), 4096 * (1 + i % 16))
    if (typeof buffer === 'number') throw new Error('mapSegment: ' + buffer)
    const values = new Float64Array(buffer)
    values[0] = values[values.length - 1] = i
    kept.push(values)
    if (i % 64 === 63) kept = []
    if (i % 100 === 99) native.bindMeter(fd)
    if (native.mapSegment(fd, 1, 8) !== 22) throw new Error('an odd offset')
    if (!native.taskFigures(process.pid, native.gettid(), 3) || !(scratch[0] > 0)) throw new Error('figures')
    native.lockFile(fd)
    native.runtimeDirectory(native.runtimeDirectory())
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

const { native } = await import(NATIVE)
const { openInterruptChannel } = await import(CHANNEL)
const interrupted = { answered: 0, ended: 0 }

/** Commands to a worker in the middle of its calls, until it is gone. */
async function converse({ tid, threadId }) {
  const thread = { pid: process.pid, tid, threadId, name: 'worker', role: 'worker' }
  try {
    for (;;) {
      const channel = await openInterruptChannel(thread)
      await channel.post('Profiler.enable')
      await channel.post('Profiler.start')
      const { profile } = await channel.post('Profiler.stop')
      assert.ok(profile.nodes.length > 0)
      await channel.close()
      interrupted.answered++
    }
  } catch (error) {
    const ends = ['ERR_THREADMETER_THREAD_ENDED', 'ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE']
    assert.ok(ends.includes(error.code), error)
    interrupted.ended++
  }
}

assert.ok(capabilities().addon.available, capabilities().addon.reason)
const sampler = new ThreadSampler()
const detached = new Float64Array(64)
structuredClone(detached.buffer, { transfer: [detached.buffer] })
assert.ok(threadsInto(detached) > 0)

/** The state in the header of each file that was bound, which made room for a header. */
const states = () =>
  readdirSync(folder)
    .map((name) => readFileSync(join(folder, name)))
    .filter((bytes) => bytes.length > 0)
    .map((bytes) => bytes.readInt32LE(16))

assert.equal(native.runtimeDirectory(folder), folder)
let ended = 0
for (let round = 0; round < ROUNDS; round++) {
  const url = new URL(`data:text/javascript,${encodeURIComponent(BODY)}`)
  const workers = Array.from({ length: WORKERS }, () => new Worker(url))
  // Half of the rounds end while workers are still importing the addon.
  const talks = workers.map((worker) => {
    const exit = once(worker, 'exit')
    const message = once(worker, 'message').then(([address]) => converse(address))
    return Promise.race([message, exit])
  })
  if (round % 2 === 0) await Promise.all(workers.map((worker) => once(worker, 'message')))
  const until = Date.now() + 400
  while (Date.now() < until) {
    look(sampler)
    await (round % 2 === 1 ? setTimeout(1) : setImmediate())
  }
  const exits = workers.map((worker) => once(worker, 'exit'))
  for (const worker of workers) worker.terminate()
  for (let i = 0; i < 20; i++) {
    look(sampler)
    await setTimeout(5)
  }
  await Promise.all([...exits, ...talks])
  ended += WORKERS
  assert.deepEqual(new Set(states()), new Set([ENDED]))
  assert.ok(!readFileSync('/proc/self/maps', 'utf8').includes(folder), 'a mapping is left')
}
assert.deepEqual(
  threads().filter(({ role }) => role === 'worker'),
  [],
)

const OBSERVER = `
  import { parentPort } from 'node:worker_threads'
  const { native } = await import(${JSON.stringify(NATIVE)})
  native.takeObserverRole()
  parentPort.once('message', () => {})
  parentPort.postMessage(native.gettid())
`
const observer = new Worker(new URL(`data:text/javascript,${encodeURIComponent(OBSERVER)}`))
const [tid] = await once(observer, 'message')
assert.deepEqual(
  threads()
    .filter(({ role }) => role === 'observer')
    .map((thread) => [thread.tid, thread.threadId]),
  [[tid, observer.threadId]],
)
assert.equal(sum(processCpuUsage().workers), 0)
observer.postMessage('')
await once(observer, 'exit')
assert.ok(threads().every(({ role }) => role !== 'observer'))
globalThis.gc?.()
assert.ok(interrupted.answered > 0, 'no conversation with a worker')
console.log(`${ended} workers came and went, ${interrupted.answered} conversations with them`)
