// Compiles the native tests: the sources of the addon that know nothing of Node, and a test beside them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export const HERE = import.meta.dirname ?? new URL('.', import.meta.url).pathname
export const ROOT = join(HERE, '..', '..')

const SOURCES = [
  ...['clock', 'procfs', 'roles', 'event_loop', 'registry', 'registry_tasks', 'tasks'],
  ...['mapping', 'meter_header', 'task_figures'],
]
const COMMON = ['-std=c++20', '-g', '-Wall', '-Wextra', '-Werror']

/** Runs a program to its end; killed after `seconds`, which counts as a failure. */
export async function run(command, args, { env = {}, seconds = 120, cwd = ROOT } = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: seconds * 1000,
    killSignal: 'SIGKILL',
  })
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
  }
}

/** Compiles `<name>_test.cc` to `into`, instrumented with `sanitizers` unless they are ''. */
export function compileTest(compiler, name, sanitizers, into) {
  // The check of virtual tables wants a pipe, which a test without descriptors does not have.
  const instrument = sanitizers
    ? [`-fsanitize=${sanitizers}`, '-fno-sanitize=vptr', '-fno-sanitize-recover=all', '-O1']
    : ['-O2']
  return run(compiler, [
    ...COMMON,
    ...instrument,
    '-rdynamic', // dlsym() finds the stand-in for libuv's function
    ...[`${name}_test.cc`, 'harness.cc'].map((file) => join(HERE, file)),
    ...SOURCES.map((source) => join(ROOT, 'native', `${source}.cc`)),
    ...['-lpthread', '-ldl', '-o', into],
  ])
}

/** Compiles the libFuzzer target. */
export function compileFuzzer(compiler, into) {
  const flags = ['-O1', '-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all']
  return run(compiler, [...COMMON, ...flags, join(HERE, 'fuzz_procfs.cc'), '-o', into])
}
