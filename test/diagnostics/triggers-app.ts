import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import { cleanEnvironment } from '../fixtures/run.js'

export interface Captured {
  number: number
  at: number
  value: number
  thread: { tid: number; threadId: number; name: string }
  files: string[]
  failures: string[]
}

export interface Told {
  pid: number
  /** When the trouble was about to begin, ms since the Unix epoch. */
  began: number
  captures: Captured[]
  /** What `onCapture` was called with. */
  heard: string[][]
}

export interface Plan {
  triggers?: [object, object?][]
  act: string
  where?: string | string[]
  ms: number
  captures?: number
  patience?: number
}

const APP = fileURLToPath(new URL('fixtures/triggers-app.mjs', import.meta.url))

const made: string[] = []
const started: ChildProcess[] = []

afterAll(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true })
})

/** An empty directory, gone after the tests. */
export function emptyDirectory(parent = tmpdir()): string {
  const path = mkdtempSync(join(parent, 'threadmeter-triggers-'))
  made.push(path)
  return path
}

/** A program of fixtures/, ended after the tests at the latest. */
export function startFixture(path: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [path, ...args], {
    env: {
      ...cleanEnvironment(),
      THREADMETER_DIR: join(emptyDirectory('/dev/shm'), 'service'),
      THREADMETER_SERVE: 'off',
      ...env,
    },
  })
  started.push(child)
  return child
}

/** What a program says, once it has ended well. */
export function saidBy(child: ChildProcess): Promise<string> {
  let [output, errors] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    errors += text
  })
  return new Promise((resolve, reject) => {
    child.once('close', (code, signal) => {
      if (code === 0 && errors === '') resolve(output)
      else reject(new Error(`it ended with ${code ?? signal}:\n${output}\n${errors}`))
    })
  })
}

/** Runs the plan to its end. */
export async function runApp(plan: Plan, env?: NodeJS.ProcessEnv): Promise<Told> {
  return JSON.parse(await saidBy(startFixture(APP, [JSON.stringify(plan)], env)))
}

export const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'))

/** The function that most samples of a `.cpuprofile` are in. */
export function hottest(path: string): string {
  const { nodes, samples } = readJson(path)
  const names = new Map(
    nodes.map(({ id, callFrame }: { id: number; callFrame: { functionName: string } }) => [
      id,
      callFrame.functionName,
    ]),
  )
  const hits = new Map<string, number>()
  for (const id of samples) {
    const name = names.get(id) as string
    hits.set(name, (hits.get(name) ?? 0) + 1)
  }
  return [...hits].sort(([, a], [, b]) => b - a)[0]?.[0] as string
}
