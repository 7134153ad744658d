// Scrapes at a steady pace and notes the time of each until its last byte. Started anew, it begins
// half an interval later.
import { Agent, get } from 'node:http'

const agent = new Agent({ keepAlive: true, maxSockets: 1 })

let timers = []
let scrapes = []

function scrape(url, list) {
  const before = performance.now()
  const headers = { accept: 'text/plain;version=0.0.4' }
  get(url, { agent, headers }, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (chunk) => {
      text += chunk
    })
    response.once('end', () => {
      const ms = performance.now() - before
      list.push({ ms, status: response.statusCode, series: text.match(/^[^#\n]/gm)?.length ?? 0 })
    })
  }).once('error', (error) => list.push({ error: error.message }))
}

function start({ url, everyMs }) {
  const list = scrapes
  const again = () => scrape(url, list)
  timers = [
    setTimeout(() => {
      again()
      timers.push(setInterval(again, everyMs))
    }, everyMs / 2),
  ]
}

process.on('message', (message) => {
  if (message.bench === 'start') return start(message)
  for (const timer of timers) clearTimeout(timer)
  process.send(scrapes)
  scrapes = []
})
process.on('disconnect', () => process.exit())
process.send('ready')
