// Whoever connects ends the loop of the thread that is profiled.
import { createServer } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

const server = createServer((socket) => {
  Atomics.store(workerData.flag, 0, 1)
  socket.on('error', () => undefined).end()
})
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
