import { spawn } from 'node:child_process'
import { once } from 'node:events'

const FIXTURES = new URL('fixtures/', import.meta.url)

export interface Ended<Result> {
  readonly code: number | null
  readonly stderr: string
  readonly seconds: number
  readonly result: Result
}

/** Runs a fixture to its end in a Node of its own; its last line is the result, if it is JSON. */
export async function runInterrupt<Result>(
  name: string,
  ...args: string[]
): Promise<Ended<Result>> {
  const path = new URL(`interrupt-${name}.mjs`, FIXTURES).pathname
  const { NODE_OPTIONS: _, NODE_V8_COVERAGE: _too, ...env } = process.env
  const started = performance.now()
  const child = spawn(process.execPath, [path, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 50_000,
    killSignal: 'SIGKILL',
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const [code] = await once(child, 'close')
  const seconds = (performance.now() - started) / 1000
  const result = stdout.startsWith('{') ? JSON.parse(stdout) : undefined
  return { code, stderr, seconds, result }
}

/** The result of a fixture that ends well and has nothing to complain about. */
export async function interruptResult<Result>(name: string, ...args: string[]): Promise<Result> {
  const { code, stderr, result } = await runInterrupt<Result>(name, ...args)
  if (code !== 0 || stderr !== '') throw new Error(`${name} ${args}: code ${code}\n${stderr}`)
  return result
}
