// Uses the installed package in the main thread and in a worker, and says for which processor. For
// hosts on which the test runner itself would be too slow or too large, an emulated one above all.
import assert from 'node:assert/strict'
import { isMainThread, Worker } from 'node:worker_threads'
import {
  capabilities,
  gettid,
  processCpuUsage,
  threadCpuTime,
  threadCpuUsage,
  threads,
} from 'threadmeter'

function burn(milliseconds) {
  const end = threadCpuTime() + milliseconds * 1e6
  while (threadCpuTime() < end);
}

function checkOwnThread() {
  const before = threadCpuUsage()
  burn(50)
  const { user, system } = threadCpuUsage(before)
  assert.ok(user + system >= 50_000, `a burn of 50 ms reads ${user + system} µs`)
  assert.ok(user + system < 250_000, `a burn of 50 ms reads ${user + system} µs`)
  const own = threads().find(({ tid }) => tid === gettid())
  assert.equal(own?.role, isMainThread ? 'main' : 'worker')
  assert.ok(own.cpuTime >= 50e6, `threads() reads ${own.cpuTime} ns after a burn of 50 ms`)
}

checkOwnThread()
if (isMainThread) {
  assert.equal(capabilities().addon.available, true, capabilities().addon.reason)
  const worker = new Worker(new URL(import.meta.url), { execArgv: [] })
  await new Promise((resolve, reject) => worker.on('error', reject).on('exit', resolve))
  const { exited, total } = processCpuUsage()
  assert.ok(exited.user + exited.system >= 50_000, 'the CPU time of the ended worker is kept')
  assert.ok(total.user + total.system >= 100_000)
  console.log(
    `${process.platform}-${process.arch} Node ${process.version}: ${threads().length} threads`,
  )
}
