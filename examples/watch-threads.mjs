// A watch over the threads of a service: logs those that are starved or blocked, and for how long.
//
//   node examples/watch-threads.mjs
import { execSync } from 'node:child_process'
import { isMainThread, Worker } from 'node:worker_threads'
import { setThreadName, ThreadSampler } from 'threadmeter'

const PERIOD_MS = 500
const WORTH_A_LINE = new Set(['starved', 'blocked'])

/**
 * Looks at all threads every `periodMs`, and tells `report` when one begins to be starved or blocked, and when
 * that is over. The threads that are looked at do nothing for it.
 *
 * @returns a function that ends the watch
 */
function watchThreads(report, periodMs = PERIOD_MS) {
  const sampler = new ThreadSampler()
  const troubled = new Map()

  function look() {
    const seen = new Set()
    for (const { tid, name, verdict, cpu, runDelay } of sampler.sample()) {
      if (!WORTH_A_LINE.has(verdict)) continue
      seen.add(tid)
      if (troubled.get(tid)?.verdict === verdict) continue
      troubled.set(tid, { name, verdict, since: performance.now() })
      report({ tid, name, verdict, cpu, runDelay })
    }
    for (const [tid, { name, since }] of troubled) {
      if (seen.has(tid)) continue
      troubled.delete(tid)
      report({ tid, name, verdict: 'well again', seconds: (performance.now() - since) / 1000 })
    }
  }

  const timer = setInterval(look, periodMs)
  // A watch is no reason for a process to go on.
  timer.unref()
  return () => clearInterval(timer)
}

if (isMainThread) {
  const stop = watchThreads((event) => console.log(JSON.stringify(event)))
  // Something to see: a worker that works, calls a program and waits for it, and waits for nothing.
  new Worker(new URL(import.meta.url)).on('exit', stop)
} else {
  setThreadName('thumbnails')
  setTimeout(() => execSync('sleep 2'), 1000)
  setTimeout(() => {}, 4500)
}
