// 0x starts the program itself, and shows a profile once that has ended: nothing can be asked of a process
// that runs already.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { nowMs } from './clock.mjs'
import { newFile } from './directory.mjs'
import { resolvePeer } from './peer.mjs'
import { within } from './process.mjs'
import { measureWhole } from './requests.mjs'

const SERVICE = fileURLToPath(new URL('../fixtures/profiled.mjs', import.meta.url))
const START_MS = 20_000
const REPORT_MS = 30_000
export const NAME = '0x, which starts it'

function answered(port) {
  return new Promise((resolve) => {
    get({ port, host: '127.0.0.1', agent: false }, (response) =>
      response.resume().once('end', () => resolve(true)),
    ).once('error', () => resolve(false))
  })
}

/** The pid of the process that 0x started. */
function pidOfChild(pid) {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
  return Number(child)
}

async function untilAnswered(portFile) {
  for (const late = nowMs() + START_MS; nowMs() < late; await sleep(10)) {
    const port = existsSync(portFile) ? Number(readFileSync(portFile, 'utf8')) : 0
    if (port > 0 && (await answered(port))) return port
  }
  throw new Error('0x: the service did not answer')
}

function start(directory) {
  const options = ['--output-dir', `${directory}/out`, '--', process.execPath, SERVICE, 'main']
  return spawn(process.execPath, [resolvePeer('0x/cmd.js'), ...options], {
    cwd: directory,
    env: { ...process.env, BENCH_PORT_FILE: `${directory}/port` },
    stdio: 'ignore',
    // A group of its own: Ctrl-C, which ends a program under 0x, goes to both.
    detached: true,
  })
}

/** The requests of one run, and how long it took to begin and to end. */
export async function measureZeroX(context) {
  const directory = newFile('0x')
  mkdirSync(directory)
  const asked = nowMs()
  const child = start(directory)
  const ended = once(child, 'exit')
  try {
    const port = await untilAnswered(`${directory}/port`)
    const begun = nowMs() - asked
    const pid = pidOfChild(child.pid)
    const meanwhile = await measureWhole({ pid, tid: pid, port }, context)
    const stopped = nowMs()
    process.kill(-child.pid, 'SIGINT')
    await within(REPORT_MS, ended)
    if (!existsSync(`${directory}/out/flamegraph.html`)) throw new Error('0x wrote no flame graph')
    return { name: NAME, begun: begun * 1e6, there: (nowMs() - stopped) * 1e6, meanwhile }
  } catch (error) {
    return { name: NAME, missing: error.message.split('\n')[0] }
  } finally {
    if (child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
  }
}
