import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { CaptureDetails, CpuProfile, ProgressEvent } from 'threadmeter/diagnostics'
import { onTestFinished } from 'vitest'
import { cleanEnvironment } from '../fixtures/run.js'

export interface Step {
  readonly kind: string
  readonly afterMs?: number
  readonly lingerMs?: number
  readonly seconds?: number
  readonly interval?: number
  readonly thread?: string
  readonly abortAfterMs?: number
  readonly endAfterMs?: number
  readonly refuse?: readonly string[]
  readonly force?: boolean
  readonly directory?: string
  /** Tells what is in the directory afterwards. */
  readonly listed?: boolean
  readonly expression?: string
}

/** What fixtures/capture-monitor.mjs writes of a step. */
export interface Taken<Json = unknown> {
  readonly commands: readonly string[]
  readonly events: readonly ProgressEvent[]
  readonly tookMs: number
  readonly json: Json
  readonly error?: { readonly message: string; readonly code?: string }
  readonly endingTaken?: boolean
  readonly mode: number
  readonly directoryMode: number
  readonly bytes: number
  readonly details: CaptureDetails
  readonly snapshot: { readonly found: number; readonly nodeCount: number }
  readonly isThereAfterwards: boolean
  readonly files?: readonly string[]
}

const SCENES = fileURLToPath(new URL('fixtures/capture-scenes.mjs', import.meta.url))

/** Plays a scene for a while in a process of its own, and takes the steps' captures of it. */
export async function during<Lines extends unknown[] = Taken[]>(
  scene: string,
  steps: readonly Step[],
  forMs = 4000,
  environment: Record<string, string> = {},
): Promise<Lines> {
  const args = [SCENES, scene, JSON.stringify(steps), String(forMs)]
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...cleanEnvironment(), ...environment },
    timeout: 50_000,
    maxBuffer: 256 * 1024 * 1024,
  })
  const lines = stdout.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line)) as Lines
}

/** A directory, and how to remove it. */
export function directoryUntilEnd(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'threadmeter-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A directory that goes with the test. */
export function temporaryDirectory(): string {
  const { path, remove } = directoryUntilEnd()
  onTestFinished(remove)
  return path
}

export const sumOf = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0)

type Profile = Omit<CpuProfile, 'threadmeter'>

/** Each function's own share of the time that the profile was taken for. */
export function ownShares({ nodes, samples, timeDeltas }: Profile): Map<string, number> {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame.functionName]))
  const total = sumOf(timeDeltas.slice(1))
  const shares = new Map<string, number>()
  samples.forEach((id, i) => {
    const name = names.get(id) as string
    shares.set(name, (shares.get(name) ?? 0) + (timeDeltas[i + 1] ?? 0) / total)
  })
  return shares
}
