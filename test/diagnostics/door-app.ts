import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { cleanEnvironment } from '../fixtures/run.js'

const APP = new URL('fixtures/door-app.mjs', import.meta.url).pathname

/** A program that has a socket; `through`: a command in front of Node's. */
export async function appIn(env: Record<string, string>, through: string[] = []) {
  const [command, ...args] = [...through, process.execPath, APP]
  const app = spawn(command as string, args, {
    env: { ...cleanEnvironment(), THREADMETER_DIR: '', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const closed = once(app, 'close')
  onTestFinished(async () => {
    app.kill('SIGKILL')
    await closed
  })
  const ended = closed.then(([code, signal]) => {
    throw new Error(`it ended with ${code ?? signal}`)
  })
  const [line] = await Promise.race([once(createInterface({ input: app.stdout }), 'line'), ended])
  ended.catch(() => {})
  const { pid, diagnostics } = JSON.parse(line) as {
    pid: number
    diagnostics: { source: string }
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    app.kill(signal)
    await closed
  }
  return { pid, path: diagnostics.source, spawned: app.pid as number, end }
}
