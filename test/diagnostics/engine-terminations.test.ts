import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { cleanEnvironment } from '../fixtures/run.js'
import { runtimeDirectory } from '../observer/running.js'

const PROGRAM = fileURLToPath(new URL('fixtures/engine-terminations.mjs', import.meta.url))

// By the inspector of a thread a termination is lost when it hits what is evaluated: half of the workers
// stay, and the main thread hangs with its first script.
it.concurrent.each([
  ['script', 'the time-out of a script in the main thread', 10],
  ['gc-profile', 'worker.terminate()', 4],
  ['heap-snapshot', 'worker.terminate()', 4],
])('%s: %s ends what it should, whatever is evaluated meanwhile', async (kind, _, rounds) => {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, kind, `${rounds}`], {
    env: { ...cleanEnvironment(), THREADMETER_DIR: runtimeDirectory() },
    timeout: 40_000,
  })
  expect(JSON.parse(stdout)).toMatchObject({ ended: rounds })
})
