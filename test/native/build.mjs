// Compiles the native tests: the sources of the addon that know nothing of Node, and a test beside them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { basename, join } from 'node:path'

export const HERE = import.meta.dirname ?? new URL('.', import.meta.url).pathname
export const ROOT = join(HERE, '..', '..')

const SOURCES = [
  ...['clock', 'procfs', 'roles', 'event_loop', 'registry', 'registry_tasks', 'tasks'],
  ...['mapping', 'meter_header', 'task_figures', 'interrupts'],
]
const COMMON = ['-std=c++20', '-g', '-Wall', '-Wextra', '-Werror']

/** Runs a program to its end; killed after `seconds`, which counts as a failure. */
export async function run(command, args, { env = {}, seconds = 120, cwd = ROOT } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Not spawn's own timer, which runs on where the program could not be started.
  const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  }
  try {
    const [code, signal] = await once(child, 'close')
    const killed = signal === null ? '' : `\nended by ${signal}, after ${seconds} s at most\n`
    return { ok: code === 0, output: output + killed }
  } catch (error) {
    return { ok: false, output: `${command}: ${error.message}\n` }
  } finally {
    clearTimeout(timer)
  }
}

// The check of virtual tables wants a pipe, which a test without descriptors does not have.
const flagsFor = (sanitizers) =>
  sanitizers
    ? [`-fsanitize=${sanitizers}`, '-fno-sanitize=vptr', '-fno-sanitize-recover=all', '-O1']
    : ['-O2']

const FILES = [
  join(HERE, 'harness.cc'),
  ...SOURCES.map((source) => join(ROOT, 'native', `${source}.cc`)),
]
const objectOf = (file, folder) => join(folder, `${basename(file, '.cc')}.o`)

/** One job for each file that all tests share, compiled into `folder`. */
export const objectJobs = (compiler, sanitizers, folder) =>
  FILES.map((file) => () => {
    const output = ['-c', file, '-o', objectOf(file, folder)]
    return run(compiler, [...COMMON, ...flagsFor(sanitizers), ...output])
  })

/** Compiles `<name>_test.cc` to `into`, with the objects in `folder`, which were made in the same way. */
export function compileTest(compiler, name, sanitizers, folder, into) {
  return run(compiler, [
    ...COMMON,
    ...flagsFor(sanitizers),
    '-rdynamic', // dlsym() finds the stand-in for libuv's function
    join(HERE, `${name}_test.cc`),
    ...FILES.map((file) => objectOf(file, folder)),
    ...['-lpthread', '-ldl', '-o', into],
  ])
}

/** Compiles the libFuzzer target. */
export function compileFuzzer(compiler, into) {
  const flags = ['-O1', '-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all']
  return run(compiler, [...COMMON, ...flags, join(HERE, 'fuzz_procfs.cc'), '-o', into])
}
