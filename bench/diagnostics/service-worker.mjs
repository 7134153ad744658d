import { parentPort, workerData } from 'node:worker_threads'
import { handle, serve } from './service-thread.mjs'

const reply = (message) => parentPort.postMessage(message)

parentPort.on('message', (message) => handle(message, workerData.flag, reply))
reply({ ready: await serve() })
