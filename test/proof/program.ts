import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { cleanEnvironment } from '../fixtures/run.js'

const PATIENCE_MS = 20_000

export const proofFixture = (name: string): string =>
  fileURLToPath(new URL(`fixtures/${name}.mjs`, import.meta.url))

// biome-ignore lint/suspicious/noExplicitAny: what a fixture sends is known where it is awaited
type Message = any

/** A Node process of a proof: what it sends, says, and how it ends. */
export class Program {
  static readonly #running = new Set<Program>()
  readonly child: ChildProcess
  readonly #ended: Promise<number | NodeJS.Signals | null>
  readonly #messages: Message[] = []
  #wake: () => void = () => {}
  output = ''
  errors = ''

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    this.child = spawn(process.execPath, args, {
      env: { ...cleanEnvironment(), ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.child.stdout?.setEncoding('utf8').on('data', (text) => {
      this.output += text
      this.#wake()
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.errors += text
    })
    this.child.on('message', (message) => {
      this.#messages.push(message)
      this.#wake()
    })
    Program.#running.add(this)
    this.#ended = once(this.child, 'exit').then(([code, signal]) => {
      Program.#running.delete(this)
      return signal ?? code
    })
    // What a process that is being killed was about to be told.
    this.child.on('error', () => {})
  }

  /** For the end of a test that failed. */
  static async killAll(): Promise<void> {
    await Promise.all([...Program.#running].map((program) => program.kill()))
  }

  get pid(): number {
    return this.child.pid as number
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  send(message: Message): void {
    if (this.child.connected) this.child.send(message)
  }

  /** The first message, so far or to come, of which `wanted` makes something. */
  async received<T>(wanted: (message: Message) => T | undefined): Promise<T> {
    return this.#until(() => {
      for (const [index, message] of this.#messages.entries()) {
        const found = wanted(message)
        if (found === undefined) continue
        this.#messages.splice(index, 1)
        return found
      }
      return undefined
    })
  }

  said(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#until(() => pattern.exec(this.output) ?? undefined)
  }

  async #until<T>(look: () => T | undefined): Promise<T> {
    for (const deadline = Date.now() + PATIENCE_MS; ; ) {
      const found = look()
      if (found !== undefined) return found
      if (this.hasEnded || Date.now() > deadline) throw new Error(`in vain: ${this.errors}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 500)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** Ends it by a signal, whatever it is doing, and waits until it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.hasEnded) this.child.kill(signal)
    await this.#ended
  }

  /** Waits for its own end: the exit code. */
  ended(): Promise<number | NodeJS.Signals | null> {
    return this.#ended
  }
}
