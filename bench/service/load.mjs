// Sends requests at a steady pace, however long the answers take, half of them on connections that are
// kept and half on new ones, and notes how long each took.
import { Agent, get } from 'node:http'

const TICK_MS = 10
const kept = new Agent({ keepAlive: true })

let timer
let took = { kept: [], fresh: [] }

function request(port, agent, times) {
  const before = performance.now()
  const note = () => times.push(performance.now() - before)
  get({ port, host: '127.0.0.1', agent }, (response) => response.resume().once('end', note))
    // A request that fails has taken until then.
    .once('error', note)
}

function start({ port, pairsPerTick }) {
  const { kept: keptTimes, fresh: freshTimes } = took
  timer = setInterval(() => {
    for (let i = 0; i < pairsPerTick; i++) {
      request(port, kept, keptTimes)
      request(port, false, freshTimes)
    }
  }, TICK_MS)
}

process.on('message', (message) => {
  if (message.bench === 'start') return start(message)
  clearInterval(timer)
  process.send(took)
  took = { kept: [], fresh: [] }
})
process.on('disconnect', () => process.exit())
process.send('ready')
