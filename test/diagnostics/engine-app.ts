import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type {
  CapturedThread,
  DiagnosticThread,
  KernelView,
  ProgressEvent,
} from '../../dist/diagnostics/model.js'
import { cleanEnvironment } from '../fixtures/run.js'
import { runtimeDirectory } from '../observer/running.js'

const PROGRAM = fileURLToPath(new URL('fixtures/engine-app.mjs', import.meta.url))

/** More than the few steps into a state take. */
const WAY_MS = 20

export interface WorkerSpec {
  name?: string
  state?: string
  /** Without threadmeter. */
  bare?: boolean
  /** The worker that starts it. */
  under?: string
}

export interface AppSpec {
  main?: string
  workers?: WorkerSpec[]
}

export interface SentError {
  code: string
  message: string
  details?: KernelView
}

export interface Outcome {
  thread: CapturedThread
  json?: string
  error?: SentError
}

export interface Answer {
  outcomes: Outcome[]
  progress: ProgressEvent[]
  failed?: SentError
  end?: unknown
  ms: number
}

type Line = { id: number } & Partial<Outcome> & {
    progress?: ProgressEvent
    failed?: SentError
    end?: unknown
  }

/** What a capture of a thread brought; throws the error where it brought one. */
export function contentOf<Content>({ thread, json, error }: Outcome): Content {
  if (error === undefined) return JSON.parse(json as string)
  throw Object.assign(new Error(), error, { message: `${thread.name}: ${error.message}` })
}

/**
 * Resolves when a main thread that goes into its state does so no more: it sleeps, or has worked for a while. On
 * its way into a native call it still tells of workers that nobody can ask later.
 */
async function untilInState(pid: number): Promise<void> {
  const read = (file: string) => readFileSync(`/proc/${pid}/task/${pid}/${file}`, 'latin1')
  const workedMs = () => Number(read('schedstat').split(' ')[0]) / 1e6
  const from = workedMs()
  while (!/\) [SD] /.test(read('stat')) && workedMs() - from < WAY_MS) await sleep(1)
}

/** A running engine-app.mjs, and the way to the engine in it. */
export class EngineApp {
  readonly pid: number
  readonly ended: Promise<number | null>
  errors = ''
  readonly #socket: Socket
  readonly #listeners = new Map<number, (line: Line | undefined) => void>()
  readonly #say: (line: string) => void
  #lastId = 0

  private constructor(
    pid: number,
    ended: Promise<number | null>,
    socket: Socket,
    say: (line: string) => void,
  ) {
    this.pid = pid
    this.ended = ended
    this.#socket = socket
    this.#say = say
    createInterface({ input: socket })
      .on('line', (text) => {
        const line = JSON.parse(text) as Line
        this.#listeners.get(line.id)?.(line)
      })
      .on('close', () => {
        for (const listener of this.#listeners.values()) listener(undefined)
      })
    socket.on('error', () => {})
  }

  /** @param before what the shell does first, as set limits */
  static async start(spec: AppSpec, nodeArgs: string[] = [], before = ':'): Promise<EngineApp> {
    const directory = runtimeDirectory()
    const args = [process.execPath, ...nodeArgs, PROGRAM, JSON.stringify(spec)]
    const child = spawn('sh', ['-c', `${before}; exec "$@"`, 'sh', ...args], {
      env: { ...cleanEnvironment(), THREADMETER_DIR: directory },
      stdio: 'pipe',
    })
    const ended = once(child, 'close').then(([code]) => code as number | null)
    onTestFinished(async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await ended
    })
    let app: EngineApp | undefined
    let errors = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      errors += text
      if (app !== undefined) app.errors = errors
    })
    child.stdin.on('error', () => {})
    const lines = createInterface({ input: child.stdout })
    const ready = once(lines, 'line').then(([line]) => line as string)
    const first = await Promise.race([ready, ended.then(() => 'ended')])
    if (first !== 'ready') throw new Error(`it did not start: ${first} ${errors}`)
    await untilInState(child.pid as number)
    const socket = connect(`${directory}/engine`)
    await once(socket, 'connect')
    app = new EngineApp(child.pid as number, ended, socket, (line) =>
      child.stdin.write(`${line}\n`),
    )
    app.errors = errors
    return app
  }

  /** Lets main evaluate a line of JavaScript. */
  say(line: string): void {
    this.#say(line)
  }

  async threads(): Promise<DiagnosticThread[]> {
    return (await this.#ask({ threads: true })).end as DiagnosticThread[]
  }

  /** How many conversations with main are open. */
  async held(): Promise<number> {
    return (await this.#ask({ held: true })).end as number
  }

  /** What comes of a request, until the process ends. */
  capture(
    fields: object,
    { signal, heard }: { signal?: AbortSignal; heard?: (event: ProgressEvent) => void } = {},
  ): Promise<Answer> {
    return this.#ask(fields, signal, heard)
  }

  /** The one outcome of a request; throws what it failed with. */
  async one<T>(fields: object): Promise<T> {
    const { outcomes, failed } = await this.capture(fields)
    if (failed !== undefined) throw Object.assign(new Error(failed.message), failed)
    return contentOf(outcomes[0] as Outcome)
  }

  #ask(
    fields: object,
    signal?: AbortSignal,
    heard?: (event: ProgressEvent) => void,
  ): Promise<Answer> {
    const id = ++this.#lastId
    const begin = performance.now()
    const outcomes: Outcome[] = []
    const progress: ProgressEvent[] = []
    signal?.addEventListener('abort', () => this.#send({ id, abort: true }))
    return new Promise((resolve) => {
      const finish = (rest: Partial<Answer>) => {
        this.#listeners.delete(id)
        resolve({ outcomes, progress, ...rest, ms: performance.now() - begin })
      }
      this.#listeners.set(id, (line) => {
        if (line === undefined) finish({})
        else if (line.failed !== undefined) finish({ failed: line.failed })
        else if (line.end !== undefined) finish({ end: line.end })
        else if (line.thread !== undefined) outcomes.push(line as Outcome)
        else if (line.progress !== undefined) {
          progress.push(line.progress)
          heard?.(line.progress)
        }
      })
      this.#send({ id, ...fields })
    })
  }

  #send(message: object): void {
    this.#socket.write(`${JSON.stringify(message)}\n`)
  }
}
