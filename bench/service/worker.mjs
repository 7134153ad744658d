// A worker of the service: a cluster child that answers requests, or a worker thread that is given jobs.
// It counts in 12 series for each.
import cluster from 'node:cluster'
import { createServer } from 'node:http'
import { serialize } from 'node:v8'
import { parentPort, workerData } from 'node:worker_threads'
import { CLIENTS } from './clients.mjs'
import { LoopWatch } from './loop.mjs'
import { makeSeries } from './series.mjs'

const JOB_MS = 10

const { client, channel } = cluster.isWorker
  ? {
      client: process.env.BENCH_CLIENT,
      channel: { receive: (take) => process.on('message', take), send: (m) => process.send(m) },
    }
  : {
      client: workerData.client,
      channel: {
        receive: (take) => parentPort.on('message', take),
        send: (message) => parentPort.postMessage(message),
      },
    }

const ipcBytes = (message) => Buffer.byteLength(JSON.stringify(message)) + 1

/** What the client sends from here to whoever answers the scrape, and is sent for it. */
function countBytes() {
  let bytes = 0
  const { send } = process
  const { postMessage } = BroadcastChannel.prototype
  const received = (message) => {
    if (message.bench === undefined) bytes += ipcBytes(message)
  }
  process.on('message', received)
  process.send = (message, ...rest) => {
    bytes += ipcBytes(message)
    return send.call(process, message, ...rest)
  }
  BroadcastChannel.prototype.postMessage = function (message) {
    bytes += serialize(message).byteLength
    return postMessage.call(this, message)
  }
  return () => {
    Object.assign(process, { send })
    process.off('message', received)
    BroadcastChannel.prototype.postMessage = postMessage
    return bytes
  }
}

const countSome = makeSeries(await CLIENTS[client].load())
const watch = new LoopWatch()
let counted

const COMMANDS = {
  start: ({ windowMs }) => watch.start(windowMs),
  stop: () => watch.stop(),
  countBytes: () => {
    counted = countBytes()
  },
  bytes: () => counted(),
}

channel.receive((message) => {
  if (message.bench === undefined) return
  const answer = COMMANDS[message.bench](message)
  channel.send({ bench: 'answer', answer })
})

if (cluster.isWorker) {
  const server = createServer((_request, response) => {
    countSome()
    response.end('done\n')
  }).listen(0, '127.0.0.1')
  server.once('listening', () => channel.send({ bench: 'ready', port: server.address().port }))
} else {
  setInterval(countSome, JOB_MS)
  channel.send({ bench: 'ready' })
}
