import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect } from 'vitest'

const FIXTURES = new URL('fixtures/', import.meta.url)

/** How a fixture ended, and the JSON of its last line. */
export interface Outcome<Result> {
  code: number | null
  signal: NodeJS.Signals | null
  elapsed: number
  stdout: string
  stderr: string
  result: Result
}

/** How a fixture is started. */
export interface RunOptions {
  args?: string[]
  node?: string[]
  /** A command in front of Node's: `unshare`, `prlimit`. */
  through?: string[]
  env?: Record<string, string>
  seconds?: number
}

function lastJson(stdout: string): unknown {
  const line = stdout.trimEnd().split('\n').at(-1) ?? ''
  return /^[[{]/.test(line) ? JSON.parse(line) : undefined
}

/** Runs a fixture in a Node of its own, so that a crash or a hang is an outcome like others. */
export async function runFixture<Result>(
  name: string,
  { args = [], node = [], through = [], env = {}, seconds = 40 }: RunOptions = {},
): Promise<Outcome<Result>> {
  const fixture = new URL(`${name}.mjs`, FIXTURES).pathname
  const [command, ...rest] = [...through, process.execPath, ...node, fixture, ...args]
  const started = performance.now()
  const { NODE_OPTIONS: _, ...inherited } = process.env
  const child = spawn(command as string, rest, {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: seconds * 1000,
    killSignal: 'SIGKILL',
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const [code, signal] = await once(child, 'close')
  const elapsed = performance.now() - started
  return { code, signal, elapsed, stdout, stderr, result: lastJson(stdout) as Result }
}

/** The result of a fixture that must end by itself, with exit code 0 and nothing to complain about. */
export async function resultOf<Result>(name: string, options?: RunOptions): Promise<Result> {
  const { code, signal, stderr, stdout, result } = await runFixture<Result>(name, options)
  expect({ code, signal, stderr }, stdout).toEqual({ code: 0, signal: null, stderr: '' })
  return result
}

/**
 * `unshare` with these namespaces: as root directly, for others by way of a user namespace, which the
 * kernel must allow (`kernel.unprivileged_userns_clone`, `user.max_user_namespaces`).
 */
export function unshare(...namespaces: string[]): string[] {
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user']
  // A fixture killed for its time takes the namespace with it.
  const together = namespaces.includes('--fork') ? ['--kill-child'] : []
  return ['unshare', ...asRoot, ...together, ...namespaces]
}
