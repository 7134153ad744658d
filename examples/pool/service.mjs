// A small HTTP service: a piscina pool does the work, prom-client answers /metrics.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { availableParallelism } from 'node:os'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { Piscina } from 'piscina'
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import { threadMetrics } from 'threadmeter/prom-client'
import { TASKS } from './tasks.mjs'

const gzipAsync = promisify(gzip)
const NS_PER_SECOND = 1e9

function createPool() {
  const threads = availableParallelism() >= 4 ? 2 : 1
  return new Piscina({
    filename: new URL('work.mjs', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    // Piscina's idle workers wait in Atomics.wait, in the middle of an event loop turn: they are blocked, and
    // would be shown so. With this they wait in their event loop.
    atomics: 'disabled',
  })
}

function createMetrics() {
  const register = new Registry()
  collectDefaultMetrics({ register })
  // All figures of all threads, at scrape time, in this one thread.
  threadMetrics({ register })
  const taskCpu = new Histogram({
    name: 'pool_task_cpu_seconds',
    help: 'CPU time that a task of the pool took',
    labelNames: ['task'],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1],
    registers: [register],
  })
  return { register, taskCpu }
}

/** Runs a task in the pool; libuv's threads compress what it gave. */
async function answerTask(task, { pool, taskCpu, response }) {
  const { value, cpuTime } = await pool.run(task)
  taskCpu.observe({ task }, cpuTime / NS_PER_SECOND)
  response.setHeader('content-encoding', 'gzip')
  response.end(await gzipAsync(value))
}

async function answerMetrics(register, response) {
  response.setHeader('content-type', register.contentType)
  response.end(await register.metrics())
}

/**
 * Starts the service on 127.0.0.1.
 *
 * @param port 0 for any free one
 * @returns its `url`; `metrics()`, the text of /metrics; `takeDurations()`, ms of each request answered since
 * the last call; `close()`
 */
export async function startService(port) {
  const pool = createPool()
  const { register, taskCpu } = createMetrics()
  let durations = []

  async function answer(request, response) {
    const started = performance.now()
    const path = request.url.slice(1)
    if (path === 'metrics') return answerMetrics(register, response)
    if (!Object.hasOwn(TASKS, path)) return response.writeHead(404).end()
    await answerTask(path, { pool, taskCpu, response })
    durations.push(performance.now() - started)
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${server.address().port}`,
    metrics: () => register.metrics(),
    takeDurations() {
      const taken = durations
      durations = []
      return taken
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await pool.destroy()
    },
  }
}
