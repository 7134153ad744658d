// The gate's checks and suites, and their sum. Started by .ci/run once the tools are there.
import { mkdtempSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { arm64, nativeChecks, staticChecks } from './checks.mjs'
import { inRoot } from './files.mjs'
import { runStep, runSteps } from './steps.mjs'
import { suites } from './suite.mjs'

const logs = mkdtempSync(join(tmpdir(), 'threadmeter-gate-'))
const start = performance.now()
const results = []

const nodes = {
  name: 'other Nodes are installed',
  command: process.execPath,
  args: [inRoot('.ci/nodes.mjs')],
  minutes: 8,
}
const limit = Math.max(2, availableParallelism())
results.push(...(await runSteps([nodes, ...nativeChecks(), ...staticChecks()], logs, limit)))
results.push(await runStep(arm64(), logs))
// The tests burn processors and measure them: one suite at a time, and nothing beside it.
results.push(...(await runSteps(suites(logs), logs, 1)))

const sum = (key) => results.reduce((total, result) => total + result[key], 0)
const minutes = ((performance.now() - start) / 60_000).toFixed(1)
console.log(`${minutes} minutes, logs in ${logs}`)
console.log(`${sum('passed')} passed, ${sum('failed')} failed`)
process.exitCode = sum('failed') === 0 ? 0 : 1
