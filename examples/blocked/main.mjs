// A service that can be made to hang, to see how one finds out where: docs/my-service-hangs.md.
//
//   node examples/blocked/main.mjs [seconds]
//
//   /fibonacci?n=45    computed on the main thread: while it is, nobody is answered
//   /check?mail=..     a regular expression in the worker `checks`, which some texts keep busy for ages
//   /login?rounds=1e7  pbkdf2Sync on the main thread: in a native call, no JavaScript runs
//   /visit             remembers each visit, for ever
//
// Ends after so many seconds, or on Ctrl-C. Another port: PORT.
import 'threadmeter/register'
import { pbkdf2Sync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { MessageChannel, Worker } from 'node:worker_threads'
import { fibonacci } from './fibonacci.mjs'

const PORT = Number(process.env.PORT ?? 8080)
const SECONDS = Number(process.argv[2] ?? 0)

const checks = new Worker(new URL('checks.mjs', import.meta.url), { name: 'checks' })
const visits = []

async function check(mail) {
  const { port1, port2 } = new MessageChannel()
  checks.postMessage({ mail, port: port2 }, [port2])
  const [isMail] = await once(port1, 'message')
  port1.close()
  return isMail
}

function visit() {
  visits.push(Array.from({ length: 1000 }, () => ({ at: new Date() })))
  return visits.length
}

const pages = {
  '/': () => 'well',
  '/fibonacci': ({ n = 30 }) => fibonacci(Number(n)),
  '/check': async ({ mail = '' }) => check(mail),
  '/login': ({ rounds = 1e5 }) =>
    pbkdf2Sync('a', 'b', Number(rounds), 64, 'sha512').toString('hex'),
  '/visit': visit,
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost')
  const page = Object.hasOwn(pages, url.pathname) ? pages[url.pathname] : () => 'no such page'
  response.end(`${await page(Object.fromEntries(url.searchParams))}\n`)
})
server.listen(PORT, '127.0.0.1')
await once(server, 'listening')

if (SECONDS > 0) setTimeout(() => process.exit(), SECONDS * 1000)

const { port } = server.address()
console.log(`Process ${process.pid} serves on http://127.0.0.1:${port}. Make it hang:

  curl 'http://127.0.0.1:${port}/fibonacci?n=50'

In another terminal, find out where:

  npx threadmeter top ${process.pid}
  npx threadmeter stack ${process.pid}
  npx threadmeter profile ${process.pid} --seconds 5
  npx threadmeter profile ${process.pid} --seconds 5 --open`)
