// Makes a checkout ready to run: dependencies, dist/, and with --native the compiled addon. Does only
// what is missing or out of date, so that `npm start` and `npm test` can call it every time.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { filesIn, inRoot, isStale, ROOT, readJson } from './files.mjs'
import { buildNative, missingTools, nativeIsStale } from './native.mjs'

const say = (line) => console.log(`[setup] ${line}`)

function run(what, command, args) {
  const result = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  })
  if (result.status === 0) return
  const reason = result.error?.message ?? `${result.stdout}${result.stderr}`
  throw new Error(`${what} failed: ${command} ${args.join(' ')}\n${reason}`)
}

/** Whether every package of the lock is installed in its version. npm keeps what it installed. */
function dependenciesAreInstalled() {
  const record = inRoot('node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const installed = readJson(record).packages
  return Object.entries(readJson(inRoot('package-lock.json')).packages).every(([path, wanted]) => {
    if (path === '') return true
    return installed[path] ? installed[path].version === wanted.version : wanted.optional === true
  })
}

function installDependencies() {
  if (dependenciesAreInstalled()) return
  say('installing dependencies (npm ci, without install scripts)')
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--include=dev']
  run('installing dependencies', 'npm', args)
}

/** Removes what earlier builds left of modules that are gone. */
function pruneDist() {
  for (const file of filesIn(inRoot('dist'))) {
    const module = relative(inRoot('dist'), file).replace(/(\.d\.ts|\.js)(\.map)?$/, '')
    if (!existsSync(join(inRoot('lib'), `${module}.ts`))) rmSync(file)
  }
}

function buildDist() {
  const sources = [inRoot('lib'), inRoot('tsconfig.json')]
  if (!isStale(inRoot('dist', 'index.js'), sources)) return
  say('compiling lib/ to dist/ (tsc)')
  const { bin } = readJson(inRoot('node_modules', 'typescript', 'package.json'))
  const tsc = inRoot('node_modules', 'typescript', bin.tsc)
  run('compiling lib/', process.execPath, [tsc, '-p', 'tsconfig.json'])
  pruneDist()
}

function compileAddon() {
  // A compiled addon goes before the prebuilt one when threadmeter is loaded, so it must not be stale.
  const wanted = process.argv.includes('--native') || existsSync(inRoot('build', 'Release'))
  if (process.platform !== 'linux' || !wanted || !nativeIsStale()) return
  const missing = missingTools()
  const prebuilt = join('prebuilds', `linux-${process.arch}`)
  if (missing.length > 0) {
    const use = existsSync(inRoot(prebuilt))
      ? `using ${prebuilt}`
      : 'there is no addon for this CPU'
    say(`not compiling the addon (no ${missing.join(', no ')}): ${use}`)
    rmSync(inRoot('build'), { recursive: true, force: true })
    return
  }
  say('compiling the addon (node-gyp)')
  buildNative()
}

try {
  installDependencies()
  buildDist()
  compileAddon()
} catch (error) {
  console.error(`[setup] ${error.message}`)
  process.exitCode = 1
}
