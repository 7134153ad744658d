import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { STATE } from '../../dist/meter/layout.js'
import { cleanEnvironment } from '../fixtures/run.js'

const FIXTURE = fileURLToPath(new URL('fixtures/concurrent.mjs', import.meta.url))

interface Outcome {
  refreshes: number
  values: number
  foreign: number
  torn: number
  backwards: number
  labels: number
  generation: number
  state: number
  unstored: number
  left: string[]
}

// With few series each slot has many owners; with many, a read takes long.
it.each([20, 2000])('shows each value under its own series alone, of up to %i', async (most) => {
  const args = [FIXTURE, '1000', String(most)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: cleanEnvironment() })
  const outcome = JSON.parse(stdout) as Outcome
  expect(outcome).toMatchObject({
    foreign: 0,
    torn: 0,
    backwards: 0,
    labels: 0,
    unstored: 0,
    state: STATE.ended,
    left: [expect.stringMatching(/^[\d-]+\.meter$/)],
  })
  expect(outcome.refreshes).toBeGreaterThan(200)
  expect(outcome.values).toBeGreaterThan(10 * outcome.refreshes)
  expect(outcome.generation).toBeGreaterThan(5)
})
