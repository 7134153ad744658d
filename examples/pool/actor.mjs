// A worker that does one thing, so that the table shows what it looks like.
import { execSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { setThreadName } from 'threadmeter'

const TURN_MS = 20
const block = Buffer.alloc(1 << 16, workerData.name)

function hashForOneTurn() {
  const end = performance.now() + TURN_MS
  while (performance.now() < end) createHash('sha256').update(block).digest()
}

/** One event loop turn after another, each of them full. */
function keepOn(turn) {
  turn()
  setImmediate(keepOn, turn)
}

const ACTIONS = {
  hash: () => keepOn(hashForOneTurn),
  // Half a second: terminate() has to wait for the end of it.
  execSync: () => keepOn(() => execSync('sleep 0.5')),
  wait: () => {},
}

setThreadName(workerData.name)
parentPort.on('message', () => {})
ACTIONS[workerData.action]()
