import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { Failure } from '../command.js'

const FLAG = '--experimental-websocket'
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const SIGNALED = 128

/** Whether this Node speaks WebSocket. In a child that was started for that, its parent's end ends it. */
export function hasWebSocket(): boolean {
  if (typeof globalThis.WebSocket === 'undefined') return false
  if (process.execArgv.includes(FLAG)) {
    process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
    // Whoever listens keeps the program from ending.
    process.channel?.unref()
  }
  return true
}

/**
 * Runs this program in a Node that speaks WebSocket, as 20 does only if it is told so at its start. It is
 * in a session of its own (setsid(2)), so that each Ctrl-C reaches it once: from here.
 */
export async function runWithWebSocket(): Promise<number> {
  const flags = process.allowedNodeEnvironmentFlags
  if (!flags.has(FLAG))
    throw new Failure('attach needs a Node.js with WebSocket: 20.10 or later', {
      code: 'ERR_THREADMETER_ATTACH_FAILED',
    })
  const quiet = flags.has('--disable-warning') ? ['--disable-warning=ExperimentalWarning'] : []
  const args = [FLAG, ...quiet, ...process.execArgv, ...process.argv.slice(1)]
  const child = spawn(process.execPath, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: true,
  })
  const forward = (name: NodeJS.Signals): void => void child.kill(name)
  for (const name of SIGNALS) process.on(name, forward)
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return code ?? SIGNALED + constants.signals[signal as NodeJS.Signals]
  } finally {
    for (const name of SIGNALS) process.off(name, forward)
  }
}
