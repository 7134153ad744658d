// The service under test: node primary.mjs <client> <cluster|threads> <workers>. Talks to the benchmark
// over IPC: `{ bench: command }` goes to the workers too, and is answered once all have answered.
import cluster from 'node:cluster'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { CLIENTS } from './clients.mjs'
import { LoopWatch } from './loop.mjs'

const [client, mode, count] = process.argv.slice(2)
const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url))

function fork() {
  cluster.setupPrimary({ exec: WORKER, args: [], execArgv: [] })
  const worker = cluster.fork({ BENCH_CLIENT: client })
  return { worker, send: (message) => worker.send(message), end: () => worker.process.kill() }
}

function thread() {
  const worker = new Worker(WORKER, { execArgv: [], workerData: { client } })
  return { worker, send: (message) => worker.postMessage(message), end: () => worker.terminate() }
}

/** The next message of the benchmark from a worker. */
function answerOf({ worker }) {
  return new Promise((resolve) => {
    worker.on('message', function take(message) {
      if (message.bench === undefined) return
      worker.off('message', take)
      resolve(message)
    })
  })
}

async function toAll(workers, message) {
  const answers = workers.map(answerOf)
  for (const { send } of workers) send(message)
  return (await Promise.all(answers)).map(({ answer }) => answer)
}

/** In a cluster the workers share a port; threads cannot, so here the main thread answers. */
async function ownServer() {
  const server = createServer((_request, response) => response.end('done\n'))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server.address().port
}

const url = await CLIENTS[client].answer[mode]()
const workers = Array.from({ length: Number(count) }, mode === 'cluster' ? fork : thread)
const [{ port = await ownServer() }] = await Promise.all(workers.map(answerOf))
const watch = new LoopWatch()

const OWN = {
  start: ({ windowMs }) => watch.start(windowMs),
  stop: () => watch.stop(),
  countBytes: () => undefined,
  bytes: () => undefined,
}

process.on('message', async (message) => {
  if (message.bench === 'end') {
    await Promise.all(workers.map(({ end }) => end()))
    process.exit()
  }
  const own = OWN[message.bench](message)
  process.send({ primary: own, workers: await toAll(workers, message) })
})
process.on('disconnect', () => process.exit())
process.send({ url, port })
