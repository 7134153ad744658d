import { constants } from 'node:os'
import { expect } from 'vitest'
import { type RunOptions, resultOf, unshare } from './run.js'

/** Whether a thread's metrics are in a meter file. */
type MeterFiles = { available: true; source: string } | { available: false; reason: string }

interface Counting {
  meterFiles: MeterFiles
  /** Values that are not what was counted. */
  wrong: unknown[]
}

/** What `fixtures/meter-app.mjs` reports. */
export interface App {
  main: Counting
  worker: Counting
  /** The exit status of the command in the middle. */
  command?: number
  /** What a reader finds in the file of the main thread. */
  seen: { unstored: number; error: number; stored: number; wrong: number } | null
}

interface AppOptions extends RunOptions {
  directory: string
  /** Beside one more. */
  series?: number
  /** Shell commands: before the application, as root of a mount namespace, and when half is counted. */
  before?: string
  inTheMiddle?: string
}

/**
 * Runs an application that counts in two threads. However its meter files fare, it ends by itself and
 * finds what it has counted.
 */
export async function runApp({ directory, series = 10, ...options }: AppOptions): Promise<App> {
  const { before, inTheMiddle, env, through = [], ...rest } = options
  const inNamespace = ['sh', '-ec', `${before}\nexec "$0" "$@"`]
  const app = await resultOf<App>('meter-app', {
    ...rest,
    args: [`${series}`, ...(inTheMiddle === undefined ? [] : [inTheMiddle])],
    env: { ...env, THREADMETER_DIR: directory },
    through: [...(before === undefined ? [] : [...unshare('--mount'), ...inNamespace]), ...through],
  })
  expect(app.main.wrong).toEqual([])
  expect(app.worker.wrong).toEqual([])
  return app
}

/** Neither thread has a meter file, and says why. */
export function expectReason({ main, worker, seen }: App, reason: RegExp): void {
  const unavailable = { available: false, reason: expect.stringMatching(reason) }
  expect([main.meterFiles, worker.meterFiles, seen]).toEqual([unavailable, unavailable, null])
}

const codeOf = (errno: number): string | undefined =>
  Object.entries(constants.errno).find(([, number]) => number === errno)?.[0]

/** Part of the series of the main thread are in its file, all of them right, and it says why not more. */
export function expectPart({ main, seen }: App, series: number, errno: number): void {
  expect(main.meterFiles).toEqual({
    available: false,
    reason: expect.stringMatching(new RegExp(`series are not in it: ${codeOf(errno)}$`)),
  })
  expect(seen).toMatchObject({ error: errno, wrong: 0 })
  expect(seen?.stored).toBeGreaterThan(series / 100)
  expect(seen?.stored).toBeLessThan(series)
  expect(seen?.unstored).toBeGreaterThan(0)
}
