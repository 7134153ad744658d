// The load: a worker of its own that sends requests to the service, as many clients as it is told.
import { Agent, get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { setThreadName } from 'threadmeter'
import { TASKS } from './tasks.mjs'

setThreadName('load')

const RETRY_MS = 100
const paths = Object.keys(TASKS)
const agent = new Agent({ keepAlive: true })
let clients = 0
let pause = 0

const request = (path) =>
  new Promise((resolve, reject) => {
    const sent = get(`${workerData.url}/${path}`, { agent }, (response) => {
      response.resume()
      response.on('close', resolve)
    })
    sent.on('error', reject)
  })

/** One client after another request, until there are to be fewer. */
async function client(number) {
  for (let turn = number; number < clients; turn++) {
    // The service may be ending: the next phase, or the end, tells.
    await request(paths[turn % paths.length]).catch(() => delay(RETRY_MS))
    if (pause > 0) await delay(pause)
  }
  running.delete(number)
}

const running = new Set()

parentPort.on('message', (load) => {
  clients = load.clients
  pause = load.pause
  for (let number = 0; number < clients; number++) {
    if (running.has(number)) continue
    running.add(number)
    client(number)
  }
})
