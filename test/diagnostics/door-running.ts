import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { doorPath } from '../../dist/diagnostics/door/location.js'
import type { DoorInfo } from '../../dist/diagnostics/door/protocol.js'
import { type Door, type DoorOptions, openDoor } from '../../dist/diagnostics/door/server.js'
import type {
  CaptureContent,
  CaptureContext,
  CaptureOutcome,
  Engine,
} from '../../dist/diagnostics/engine.js'
import type {
  CaptureDetails,
  CapturedThread,
  CaptureRequest,
  DiagnosticThread,
} from '../../dist/diagnostics/model.js'

export const MAIN: CapturedThread = { pid: 7, tid: 7, threadId: 0, name: 'main', role: 'main' }
export const WORKER: CapturedThread = {
  pid: 7,
  tid: 9,
  threadId: 2,
  name: 'wörker',
  role: 'worker',
}

const kernel = { state: 'S', syscall: 'epoll_wait', wchan: null, cpu: 0, runDelay: 0 }

export const THREADS: DiagnosticThread[] = [MAIN, WORKER].map((thread) => ({
  ...thread,
  ...{ cpu: null, runDelay: null, eventLoopUtilization: null, kernel },
}))

export const DETAILS: CaptureDetails = {
  ...{ kind: 'heap-snapshot', thread: MAIN, program: 'app.js', route: 'inspector' },
  ...{ stackAtStart: null, partial: null },
  window: { startedAt: 1, seconds: 2, cpuSeconds: 1, runDelaySeconds: 0, eventLoopUtilization: 1 },
  versions: { threadmeter: '0.0.0', node: 'v20.0.0', app: null },
}

export const INFO: DoorInfo = {
  ...{ protocol: 1, threadmeter: '0.0.0', node: 'v20.0.0', pid: process.pid, program: 'app.js' },
  captures: ['stack', 'cpu-profile'],
}

export const json = (value: unknown): CaptureContent => ({
  type: 'json',
  json: JSON.stringify(value),
})

export type Capturing = (
  request: CaptureRequest,
  context: CaptureContext,
) => AsyncIterable<CaptureOutcome>

type FakeEngine = Engine & { readonly requests: CaptureRequest[] }

/** An engine of which a test says what its captures are. */
export function engineOf(capture: Capturing): FakeEngine {
  const requests: CaptureRequest[] = []
  return {
    requests,
    threads: async () => THREADS,
    capture: (asked, context) => {
      requests.push(asked)
      return capture(asked, context)
    },
  }
}

/** A directory that goes with the test. */
export function directoryOfTest(): string {
  const path = mkdtempSync('/dev/shm/threadmeter-test-')
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A door in a directory of its own, which closes with the test. */
export async function doorOfTest(
  capture: Capturing,
  options: DoorOptions = {},
  directory = directoryOfTest(),
): Promise<Door & { readonly engine: FakeEngine }> {
  const engine = engineOf(capture)
  const door = await openDoor(engine, doorPath(directory), INFO, options)
  onTestFinished(() => door.close())
  return { ...door, engine }
}

/** Gives back what it was asked for, for each thread meant. */
export async function* echo(asked: CaptureRequest): AsyncGenerator<CaptureOutcome> {
  for (const thread of asked.thread === 'all' ? [MAIN, WORKER] : [MAIN]) {
    yield { thread, content: json({ asked, of: thread.name }) }
  }
}

export const failing = (error: unknown): Capturing =>
  // biome-ignore lint/correctness/useYield: it fails before there is anything
  async function* () {
    throw error
  }

/** Captures until it is ended, and says by what. */
export async function* untilEnded(
  _: CaptureRequest,
  { signal }: CaptureContext,
): AsyncGenerator<CaptureOutcome> {
  await aborted(signal)
  yield { thread: MAIN, content: json({ partial: 'aborted' }) }
}

export const aborted = (signal: AbortSignal): Promise<unknown> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))

export interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly body: Buffer
}

export const ask = (
  socketPath: string,
  path: string,
  method = 'GET',
  headers: Record<string, string> = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => {
        const body = Buffer.concat(chunks)
        resolve({ status: response.statusCode as number, headers: response.headers, body })
      })
      response.on('error', reject)
    })
    sent.on('error', reject).end()
  })

export async function askJson<T>(socketPath: string, path: string, method = 'GET'): Promise<T> {
  return JSON.parse((await ask(socketPath, path, method)).body.toString()) as T
}

/** A connection that says nothing by itself. */
export async function opened(path: string): Promise<Socket> {
  const socket = connect(path).on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

/** What came over a connection until the other side closed it. */
export const untilClosed = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.once('close', () => resolve(text))
  })

/** Resolves when `what` holds; the test's time-out bounds it. */
export async function eventually(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 5))
}
