// The thread that is profiled: answers requests, watches its own gaps, and blocks itself when told to.
import { readlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import { threadId } from 'node:worker_threads'
import { GapWatch } from './gap-watch.mjs'
import { profileHere } from './own-profilers.mjs'
import { work } from './work.mjs'

const watch = new GapWatch()
let requests = 0

function block({ limitMs }, flag, begun) {
  Atomics.store(flag, 0, 0)
  begun()
  // So that what told of it has left.
  return new Promise((resolve) =>
    setTimeout(() => {
      watch.spin(flag, limitMs)
      resolve(watch.stop())
    }, 50),
  )
}

/** Resolves with where it can be reached, and with the tid of this thread. */
export async function serve() {
  const server = createServer((_request, response) => response.end(work(++requests)))
  server.keepAliveTimeout = 60_000
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const tid = Number(readlinkSync('/proc/thread-self').split('/')[2])
  return { port: server.address().port, tid, threadId }
}

/** Answers a message by `reply({ id, value })`. */
export async function handle(message, flag, reply) {
  const { id, bench } = message
  const answer = (value) => reply({ id, value })
  if (bench === 'watch') answer(watch.start())
  if (bench === 'gaps') answer(watch.stop())
  if (bench === 'block') {
    const gaps = await block(message, flag, () => answer(true))
    reply({ id: `${id}:gaps`, value: gaps })
  }
  if (bench === 'profile') answer(await profileHere(message))
}
