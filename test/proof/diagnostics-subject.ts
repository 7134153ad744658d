import { execFileSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Diagnostics, diagnosticsOf } from '../../dist/diagnostics/index.js'
import { Program, proofFixture } from './program.js'

// A loop that has just begun is not yet optimized, nor replaced on the stack.
const SETTLE_MS = 300

/** A fifo that has a writer as long as it is open, which never writes. */
export function openFifo(path: string): () => void {
  execFileSync('mkfifo', [path])
  const descriptor = openSync(path, 'r+')
  return () => closeSync(descriptor)
}

/** A program that is asked from outside, as it is found by its pid. */
export interface Subject {
  readonly program: Program
  readonly ask: Diagnostics
}

export async function startSubject(
  name: string,
  args: readonly string[],
  env: Record<string, string>,
  node: readonly string[] = [],
): Promise<Subject> {
  const preload = ['--require', 'threadmeter/register']
  const program = new Program([...node, ...preload, proofFixture(name), ...args], {
    THREADMETER_PORT: '0',
    ...env,
  })
  return { program, ask: diagnosticsOf(program.pid) }
}

/** Resolves when its socket answers. */
export async function untilReachable({ program, ask }: Subject): Promise<void> {
  for (const deadline = Date.now() + 20_000; ; await sleep(10)) {
    const isThere = await ask.threads().then(
      () => true,
      ({ code }) => code,
    )
    if (isThere === true) return
    if (program.hasEnded || Date.now() > deadline) throw new Error(`${isThere}: ${program.errors}`)
  }
}

/** A program of which the thread at the depth is in the state, and has been for a while. */
export async function startInState(
  depth: number,
  states: readonly string[],
  env: Record<string, string>,
): Promise<Subject & { readonly target: number }> {
  const subject = await startSubject('diagnostics-states', [String(depth), ...states], env)
  const target = await subject.program.received<number>(({ target }) => target)
  for (const state of states) await subject.program.said(new RegExp(`^in ${state}$`, 'm'))
  await sleep(SETTLE_MS)
  return { ...subject, target }
}

/** How long it took, in ms, and what came of it: a value, or an error with its code. */
export type Timed<Value> = { readonly ms: number } & (
  | { readonly value: Value; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: Error & { code?: string; details?: unknown } }
)

export async function timed<Value>(asking: Promise<Value>): Promise<Timed<Value>> {
  const begin = performance.now()
  const passed = () => performance.now() - begin
  return asking.then(
    (value) => ({ ms: passed(), value }),
    (error) => ({ ms: passed(), error }),
  )
}
