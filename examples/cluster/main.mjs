// A cluster of four processes, each with two worker threads, and one /metrics for all of it.
//
//   node --import threadmeter/register examples/cluster/main.mjs [requests]
//   curl http://127.0.0.1:9464/metrics       # summed over the cluster; /threads: who is busy
//
// Each process answers requests and lets its workers do the hashing. Main threads and workers count with
// instruments of threadmeter/metrics, and nobody collects anything: the preloaded observer reads what they
// stored, also while they are busy or have been killed. Ends after so many requests (default 400), or on
// SIGINT. Other ports: THREADMETER_PORT for the metrics, PORT for the service.
import cluster from 'node:cluster'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Counter, Histogram } from 'threadmeter/metrics'

const PORT = Number(process.env.PORT ?? 8080)
const REQUESTS = Number(process.argv[2] ?? 400)

function serve() {
  const workers = [1, 2].map(
    (n) => new Worker(new URL('hash.mjs', import.meta.url), { name: `hash-${n}` }),
  )
  const requests = new Counter({
    name: 'app_requests_total',
    help: 'Requests answered.',
    labelNames: ['status'],
  })
  const seconds = new Histogram({ name: 'app_request_seconds', help: 'Time to answer a request.' })
  let turn = 0

  createServer(async (_request, response) => {
    const stop = seconds.startTimer()
    const { port1, port2 } = new MessageChannel()
    const worker = workers[turn++ % workers.length]
    worker.postMessage({ page: 'a page to hash', port: port2 }, [port2])
    const [hash] = await once(port1, 'message')
    port1.close()
    response.end(`${hash}\n`)
    requests.inc({ status: 200 })
    stop()
  }).listen(PORT, '127.0.0.1')
}

/** Starts the processes and visits them, so that there is something to see. */
async function run() {
  const children = Array.from({ length: 4 }, () => cluster.fork())
  await Promise.all(children.map((child) => once(child, 'listening')))
  console.log(`${REQUESTS} requests to http://127.0.0.1:${PORT}`)
  for (let sent = 0; sent < REQUESTS; sent++) {
    await (await fetch(`http://127.0.0.1:${PORT}`, { headers: { connection: 'close' } })).text()
    await sleep(10)
  }
}

if (cluster.isPrimary) {
  process.once('SIGINT', () => process.exit())
  await run()
  process.exit()
} else {
  serve()
}
