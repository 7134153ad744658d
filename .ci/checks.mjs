// What the gate checks beside the test suite.
import { existsSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { filesIn, inRoot, readJson } from './files.mjs'
import { nodePath } from './nodes.mjs'

const NATIVE_TESTS = 'test/native/run.mjs'

/** A check by a program of a package in node_modules, written `package` or `package#program`. */
function tool(name, program, ...args) {
  const [packageName, binName] = program.split('#')
  const { bin } = readJson(inRoot('node_modules', packageName, 'package.json'))
  const file = typeof bin === 'string' ? bin : bin[binName ?? packageName]
  return {
    name,
    command: process.execPath,
    args: [inRoot('node_modules', packageName, file), ...args],
  }
}

const script = (name, file, ...args) => ({
  name,
  command: process.execPath,
  args: [inRoot(file), ...args],
})

const nativeSources = () =>
  ['native', 'test', 'bench']
    .flatMap((folder) => filesIn(inRoot(folder)))
    .filter((file) => ['.c', '.cc', '.h'].includes(extname(file)))
    .filter((file) => !file.includes('node_modules') && !file.includes('/build/'))

/** The checks that do not run the package, or take no time of it. */
export const staticChecks = () => [
  tool('types of lib', 'typescript#tsc', '-p', 'tsconfig.json', '--noEmit'),
  tool('types of test', 'typescript#tsc', '-p', 'test/tsconfig.json'),
  tool('biome', '@biomejs/biome#biome', 'ci', '--error-on-warnings', '--colors=off'),
  {
    name: 'clang-format',
    command: 'clang-format-14',
    args: ['--dry-run', '-Werror', '--style=file:native/.clang-format', ...nativeSources()],
  },
  tool('knip', 'knip', '--config', '.ci/knip.json', '--no-progress'),
  tool('publint', 'publint', '--strict'),
  tool('attw', '@arethetypeswrong/cli#attw', '--pack', '.', '--profile', 'esm-only', '--no-emoji'),
  script('tarball', '.ci/tarball.mjs'),
  script('prebuilt symbols', '.ci/symbols.mjs'),
  script('prebuilt x64 is fresh', '.ci/prebuild.mjs', '--check', '--arch', 'x64'),
  script('prebuilt arm64 is fresh', '.ci/prebuild.mjs', '--check', '--arch', 'arm64'),
  script('prebuilt x64 on musl', '.ci/musl.mjs'),
  script('first run without a compiler', '.ci/first-run.mjs'),
]

/** The prebuilt arm64 addon in a real arm64 Node, emulated. */
export const arm64 = () => ({
  name: 'prebuilt arm64 in an emulated Node',
  command: 'qemu-aarch64',
  args: ['-L', '/usr/aarch64-linux-gnu', nodePath(24, 'arm64'), inRoot('test/package/smoke.mjs')],
  env: { PREBUILDS_ONLY: '1' },
})

/** `N passed, N failed` at the end of a log. */
function countsOf(failure, log) {
  const [last] = readFileSync(log, 'utf8').match(/\d+ passed, \d+ failed(?=\s*$)/) ?? []
  const [passed, failed] = (last ?? '0 passed, 0 failed').match(/\d+/g).map(Number)
  return { passed, failed: failed + Number(failed === 0 && (failure !== '' || passed === 0)) }
}

/** Sanitizers and the fuzzer over the native code. */
export const nativeChecks = () =>
  existsSync(inRoot(NATIVE_TESTS))
    ? [{ ...script('native tests', NATIVE_TESTS), minutes: 10, count: countsOf }]
    : []
