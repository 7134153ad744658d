// The test suite as steps of the gate: once through `npm test` on the Node at hand, then on the others.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from './files.mjs'
import { MAJORS, nodePath } from './nodes.mjs'

const MINUTES = 14

/** What vitest reported. A run that counted nothing, or failed beside its tests, is a failure too. */
function readReport(report, failure) {
  if (!existsSync(report)) return { passed: 0, failed: 1 }
  const { numPassedTests, numTotalTests, testResults } = readJson(report)
  // A file that could not be loaded has no tests that could fail; a skipped test has not passed.
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  ).length
  const failed = numTotalTests - numPassedTests + broken
  const isSilent = failed === 0 && (failure !== '' || numPassedTests === 0)
  return { passed: numPassedTests, failed: failed + Number(isSilent) }
}

function suite(name, logs, command, args) {
  const report = join(logs, `${name.replaceAll(' ', '-')}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  return {
    name,
    command,
    args: [...args, ...reporters],
    minutes: MINUTES,
    count: (failure) => readReport(report, failure),
  }
}

const VITEST = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts']

// The long campaigns take minutes: they run once, on the Node at hand. What reads the kernel's clocks is
// the same with any Node: it runs on the oldest and the newest.
const WITHOUT_CAMPAIGNS = ['--project', '!campaigns*']
const PATIENT = ['--project', 'side by side', '--project', 'three at once']

const projectsOf = (major) => (major === MAJORS.at(-1) ? WITHOUT_CAMPAIGNS : PATIENT)

export const suites = (logs) => [
  suite(`suite on Node ${process.versions.node.split('.')[0]}`, logs, 'npm', ['test', '--']),
  ...MAJORS.map((major) =>
    suite(`suite on Node ${major}`, logs, nodePath(major), [...VITEST, ...projectsOf(major)]),
  ),
]
