import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { cleanEnvironment } from '../fixtures/run.js'

export const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

interface Options {
  env?: NodeJS.ProcessEnv
  /** What the program is run by, such as a terminal. */
  wrapper?: string[]
  /** Where it runs. */
  cwd?: string
}

const NOT_INHERITED = [
  'NO_COLOR',
  'FORCE_COLOR',
  'LC_ALL',
  'LC_CTYPE',
  'COLUMNS',
  'THREADMETER_DIR',
]

/** The environment of a common terminal, whatever the tests run in. */
function environment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.entries(cleanEnvironment()).filter(([name]) => !NOT_INHERITED.includes(name))
  return { ...Object.fromEntries(own), TERM: 'xterm-256color', LANG: 'C.UTF-8', ...more }
}

export interface Ending {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

/** The program while it runs: what it said so far, and how it ends. */
export class Running {
  readonly child: ChildProcess
  readonly #closed: Promise<number | null>
  output = ''
  errors = ''

  constructor(args: string[], { env = {}, wrapper = [], cwd }: Options = {}) {
    const [command, ...rest] = [...wrapper, process.execPath, CLI, ...args] as [string, ...string[]]
    this.child = spawn(command, rest, {
      env: environment(env),
      ...(cwd !== undefined && { cwd }),
    })
    onTestFinished(() => void this.child.kill('SIGKILL'))
    this.child.stdout?.setEncoding('utf8').on('data', (text) => {
      this.output += text
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.errors += text
    })
    this.#closed = new Promise((resolve, reject) => {
      this.child.on('error', reject)
      this.child.on('close', resolve)
    })
  }

  async end(): Promise<Ending> {
    const code = await this.#closed
    return { code, output: this.output, errors: this.errors }
  }

  /** Waits until what it said on standard error matches. */
  async untilError(pattern: RegExp, limitMs = 20_000): Promise<void> {
    for (const deadline = Date.now() + limitMs; !pattern.test(this.errors); ) {
      if (Date.now() > deadline) throw new Error(`no ${pattern} in\n${this.errors}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  /** Waits until what it said since `from` matches. */
  async until(pattern: RegExp, from = 0, limitMs = 20_000): Promise<RegExpExecArray> {
    for (const deadline = Date.now() + limitMs; ; ) {
      const found = pattern.exec(this.output.slice(from))
      if (found !== null) return found
      if (Date.now() > deadline) throw new Error(`no ${pattern} in\n${this.output}\n${this.errors}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

/** Runs the program to its end. */
export const run = (args: string[], options?: Options): Promise<Ending> =>
  new Running(args, options).end()
