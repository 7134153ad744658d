// Tests of the native code without Node, plain and under the sanitizers; the instrumented addon in Node; a
// bounded fuzz run of the parsers. One line per step, `N passed, N failed` at the end.
//
//     node test/native/run.mjs
//
// Needs g++ with its sanitizers, clang++ with libFuzzer (CXX and CLANGXX name others), and for the tid
// that comes back root or user namespaces. What is missing fails: nothing is left out silently.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildAddon, stressAddon } from './addon.mjs'
import { compileFuzzer, compileTest, objectJobs, run } from './build.mjs'
import { writeSeeds } from './seeds.mjs'

const FUZZ_SECONDS = 20
const BUILDS = { plain: '', asan: 'address,undefined', tsan: 'thread' }
const OPTIONS = {
  ASAN_OPTIONS: 'abort_on_error=1',
  UBSAN_OPTIONS: 'print_stacktrace=1',
  TSAN_OPTIONS: 'halt_on_error=1',
}
// What a namespace of its own has no leak checker for.
const WITHOUT_LEAKS = { ...OPTIONS, ASAN_OPTIONS: 'abort_on_error=1:detect_leaks=0' }
// Node's own memory is none of the addon's business, and Node is not instrumented.
const IN_NODE = {
  ASAN_OPTIONS: 'detect_leaks=0',
  TSAN_OPTIONS: 'ignore_noninstrumented_modules=1:halt_on_error=1',
}
const TESTS = [
  { name: 'clock', builds: ['plain', 'asan', 'tsan'] },
  { name: 'parse', builds: ['plain', 'asan', 'tsan'] },
  { name: 'figures', builds: ['plain', 'asan'] },
  { name: 'mapping', builds: ['plain', 'asan'] },
  { name: 'bind', builds: ['plain', 'asan', 'tsan'] },
  { name: 'churn', builds: ['plain', 'asan', 'tsan'] },
  { name: 'faults', builds: ['plain', 'asan', 'tsan'] },
  { name: 'reuse', builds: ['plain', 'asan', 'tsan'], env: WITHOUT_LEAKS },
  { name: 'fork', builds: ['plain'] },
  { name: 'interrupts', builds: ['plain', 'asan', 'tsan'] },
]

const compiler = process.env.CXX || 'g++'
const clang = process.env.CLANGXX || (await firstThatRuns(['clang++', 'clang++-14']))
const folder = mkdtempSync(join(tmpdir(), 'threadmeter-native-'))
let passed = 0
let failed = 0

async function firstThatRuns(commands) {
  for (const command of commands) {
    if ((await run(command, ['--version'])).ok) return command
  }
  return commands[0]
}

function report(step, { ok, output }, started) {
  if (ok) passed++
  else failed++
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${step} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
  if (!ok) console.log(output.slice(-6000).replace(/^/gm, '     '))
  return ok
}

async function step(name, action) {
  const started = Date.now()
  return report(name, await action(), started)
}

/** Runs the jobs, as many at once as there are processors. */
async function inParallel(jobs) {
  const waiting = [...jobs]
  const lane = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await job()
  }
  await Promise.all(Array.from({ length: availableParallelism() }, lane))
}

async function main() {
  const compiled = new Set()
  const compile = (key, action) => async () => {
    const started = Date.now()
    const result = await action()
    if (result.ok) compiled.add(key)
    // What could be compiled is reported when it runs.
    else report(`compile ${key}`, result, started)
  }
  const path = (key) => join(folder, key)
  const tests = TESTS.flatMap(({ name, builds, env = OPTIONS }) =>
    builds.map((build) => ({ name, build, env, key: `${name}-${build}` })),
  )
  const started = Date.now()
  await inParallel([
    compile('addon-asan', () => buildAddon(path('addon-asan'), BUILDS.asan)),
    compile('addon-tsan', () => buildAddon(path('addon-tsan'), BUILDS.tsan)),
    ...Object.entries(BUILDS).flatMap(([build, sanitizers]) => {
      mkdirSync(path(build))
      const jobs = objectJobs(compiler, sanitizers, path(build))
      return jobs.map((job, number) => compile(`${build} ${number}`, job))
    }),
  ])
  await inParallel([
    ...tests.map(({ name, build, key }) =>
      compile(key, () => compileTest(compiler, name, BUILDS[build], path(build), path(key))),
    ),
    compile('fuzz', () => compileFuzzer(clang, path('fuzz'))),
  ])
  console.log(`     compiled (${((Date.now() - started) / 1000).toFixed(1)} s)`)

  for (const { name, build, env, key } of tests) {
    if (compiled.has(key)) await step(`${name}, ${build}`, () => run(path(key), [], { env }))
  }
  for (const [build, library] of [
    ['asan', 'libasan.so'],
    ['tsan', 'libtsan.so'],
  ]) {
    if (!compiled.has(`addon-${build}`)) continue
    await step(`addon in Node, ${build}`, () =>
      stressAddon(path(`addon-${build}`), compiler, library, IN_NODE),
    )
  }
  if (compiled.has('fuzz')) await fuzz(path)
}

async function fuzz(path) {
  const seeds = writeSeeds(path('seeds'))
  const limits = [`-max_total_time=${FUZZ_SECONDS}`, '-max_len=4096', '-timeout=5']
  await step(`fuzz of the /proc parsers, ${seeds} seeds, ${FUZZ_SECONDS} s`, async () => {
    const args = [...limits, `-artifact_prefix=${folder}/`, path('seeds')]
    const result = await run(path('fuzz'), args, { seconds: FUZZ_SECONDS + 60 })
    console.log(`     ${/Done \d+ runs.*/.exec(result.output)?.[0] ?? 'the fuzzer did not finish'}`)
    return result
  })
}

try {
  await main()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
