// What did this task cost? A worker measures each of its tasks by the CPU time of its own thread.
//
//   node examples/own-thread.mjs
import { execSync } from 'node:child_process'
import { once } from 'node:events'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { gzipSync } from 'node:zlib'
import { measureCpu, setThreadName, threadCpuTime, threadCpuUsage } from 'threadmeter'

const TASKS = {
  compress: () => gzipSync(Buffer.alloc(4_000_000, 'threads write, one reader reads ')).length,
  sort: () => Array.from({ length: 200_000 }, Math.random).sort().length,
  // Takes as long, and costs next to nothing: it waits for another process.
  'execSync sleep': () => execSync('sleep 0.1').length,
}

function runTasks() {
  setThreadName('tasks')
  const started = threadCpuUsage()

  for (const [task, run] of Object.entries(TASKS)) {
    const { cpuTime, wallTime } = measureCpu(run)
    parentPort.postMessage({ task, cpuMs: cpuTime / 1e6, wallMs: wallTime / 1e6 })
  }

  // The same by hand, for a part of a function: two readings of the thread's clock, in ns.
  const before = threadCpuTime()
  JSON.parse(JSON.stringify(process.report.getReport()))
  parentPort.postMessage({ task: 'report', cpuMs: (threadCpuTime() - before) / 1e6, wallMs: null })

  // And all that the thread used meanwhile, in µs, like process.cpuUsage(previous).
  const { user, system } = threadCpuUsage(started)
  parentPort.postMessage({ task: 'all of them', cpuMs: (user + system) / 1e3, wallMs: null })
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url))
  worker.on('message', ({ task, cpuMs, wallMs }) => {
    const wall = wallMs === null ? '' : ` in ${wallMs.toFixed(1)} ms`
    console.log(`${task}: ${cpuMs.toFixed(1)} ms of CPU${wall}`)
  })
  await once(worker, 'exit')
} else {
  runTasks()
}
