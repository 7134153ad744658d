import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { cleanEnvironment } from '../fixtures/run.js'
import { type Cleanup, temporaryDirectory } from '../observer/service.js'

export const PROGRAM = fileURLToPath(new URL('fixtures/stuck-service.mjs', import.meta.url))

type State = 'idle' | 'fibonacci' | 'allocating' | 'sleep' | 'waits' | 'nap' | 'ends'

type States = Readonly<Record<string, State>> & { readonly main: State }

interface Options {
  readonly env?: NodeJS.ProcessEnv
  readonly program?: string
  readonly cleanup?: Cleanup
}

/** A service whose threads are stuck in various ways. */
export interface StuckService {
  readonly pid: number
  readonly directory: string
  readonly child: ChildProcess
}

/** Starts it with a main thread and named workers; resolves when all do what they are told. */
export async function stuckService(
  states: States,
  { env = {}, program = PROGRAM, cleanup = onTestFinished }: Options = {},
): Promise<StuckService> {
  const directory = temporaryDirectory(cleanup)
  const { main, ...workers } = states
  const args = Object.entries({ main, ...workers }).map((pair) => pair.join('='))
  // Idle threads shall be idle: reporting, once a second, is seen as well.
  const quiet = { THREADMETER_INTERVAL: '60000', THREADMETER_PORT: '0' }
  const child = spawn(process.execPath, ['--import', 'threadmeter/register', program, ...args], {
    env: { ...cleanEnvironment(), THREADMETER_DIR: directory, ...quiet, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  cleanup(() => void child.kill('SIGKILL'))
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  // Their states begin 0.1 s after they are up.
  await setTimeout(300)
  return { pid: child.pid as number, directory, child }
}

/** One for all tests of a file, which is not there before they run. */
export function sharedService(states: States): StuckService {
  const cleanups: (() => void)[] = []
  const service = {} as StuckService
  beforeAll(async () => {
    const cleanup = (clean: () => void): void => void cleanups.unshift(clean)
    Object.assign(service, await stuckService(states, { cleanup }))
  })
  afterAll(() => {
    for (const clean of cleanups) clean()
  })
  return service
}

const SOURCE = readFileSync(PROGRAM, 'utf8').split('\n')

/** The line of the program that a text is in, counted from 1. */
export const lineOf = (text: string): number => SOURCE.findIndex((line) => line.includes(text)) + 1
