import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment } from '../fixtures/run.js'

/** The path of a program in examples/. */
export const examplePath = (name: string): string =>
  fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))

/** A module of the pool example: they are JavaScript, so untyped here. */
// biome-ignore lint/suspicious/noExplicitAny: the examples have no types
export const poolModule = (name: string): Promise<any> =>
  import(new URL(`../../examples/pool/${name}.mjs`, import.meta.url).href)

interface Options {
  env?: NodeJS.ProcessEnv
  /** What the program is run by, such as a terminal. */
  wrapper?: string[]
  nodeArgs?: string[]
}

const NOT_INHERITED = ['NO_COLOR', 'FORCE_COLOR', 'LC_ALL', 'LC_CTYPE']

/** The environment of a common terminal, whatever the tests run in. */
function terminalEnvironment(): NodeJS.ProcessEnv {
  const environment = { ...cleanEnvironment(), TERM: 'xterm-256color', LANG: 'C.UTF-8' }
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !NOT_INHERITED.includes(name)),
  )
}

/** An example that runs: what it said so far, and how it ends. */
export class Running {
  readonly child: ChildProcess
  readonly #closed: Promise<number | null>
  output = ''
  errors = ''

  constructor(name: string, args: string[], options: Options = {}) {
    const { env = {}, wrapper = [], nodeArgs = [] } = options
    const command = [...wrapper, process.execPath, ...nodeArgs, examplePath(name), ...args]
    this.child = spawn(command[0] as string, command.slice(1), {
      env: { ...terminalEnvironment(), ...env },
    })
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

  /** Waits for its end, with this exit code. */
  async end(expected = 0): Promise<void> {
    const code = await this.#closed
    if (code === expected) return
    throw new Error(`it ended with ${code}, not ${expected}:\n${this.said}`)
  }

  /** Waits until the output is as wanted. */
  async untilOutput(isWanted: (output: string) => boolean, limitMs = 30_000): Promise<void> {
    for (const deadline = Date.now() + limitMs; !isWanted(this.output); ) {
      if (Date.now() > deadline) throw new Error(`not so: ${isWanted}\n${this.said}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** Waits until the output matches, `times` times. */
  async until(pattern: RegExp, times = 1): Promise<RegExpMatchArray[]> {
    const all = new RegExp(pattern, `${pattern.flags}g`)
    await this.untilOutput((output) => [...output.matchAll(all)].length >= times)
    return [...this.output.matchAll(all)]
  }

  /** The last of what it said. */
  get said(): string {
    return `${this.output.slice(-2000)}\n${this.errors.slice(-2000)}`
  }

  /** Ends it in any case: for the end of a test that failed. */
  kill(): void {
    this.child.kill('SIGKILL')
  }
}
