import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Runs a command to its end, and resolves with what it printed. */
export async function run(command, args, { signal, ...options } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  const texts = { stdout: '', stderr: '' }
  for (const name of Object.keys(texts)) {
    child[name].setEncoding('utf8').on('data', (text) => {
      texts[name] += text
    })
  }
  const stop = () => child.kill('SIGKILL')
  signal?.addEventListener('abort', stop)
  const [code] = await once(child, 'close').finally(() =>
    signal?.removeEventListener('abort', stop),
  )
  if (code === 0) return texts.stdout
  const reason = texts.stderr.trim().split('\n').at(-1)
  throw new Error(`${command} ${args[0]} ended with ${code}: ${reason}`)
}
