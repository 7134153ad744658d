// Compiling the addon: which tools it takes, where Node's headers are, and the compilation itself.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inRoot, isStale, ROOT } from './files.mjs'

const ADDON = inRoot('build', 'Release', 'threadmeter.node')

const runs = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0

/** The tools that node-gyp needs, beside these compilers, and this machine lacks. */
export function missingTools(compilers = [process.env.CXX || 'g++']) {
  return [...compilers, 'make', 'python3'].filter((tool) => !runs(tool))
}

/**
 * The environment in which node-gyp finds Node's headers. A Node installed whole has them beside its
 * binary, and node-gyp need not download them; everywhere else node-gyp looks for itself.
 */
export function headersEnvironment() {
  const prefix = join(dirname(process.execPath), '..')
  const here = existsSync(join(prefix, 'include', 'node', 'node_api.h'))
  if (!here || process.env.npm_config_nodedir) return process.env
  return { ...process.env, npm_config_nodedir: prefix }
}

export function nativeIsStale() {
  return isStale(ADDON, [inRoot('native'), inRoot('binding.gyp')])
}

/** Compiles the addon into build/. */
export function buildNative() {
  const nodeGyp = inRoot('node_modules', 'node-gyp', 'bin', 'node-gyp.js')
  const result = spawnSync(process.execPath, [nodeGyp, 'rebuild', '--loglevel=error'], {
    cwd: ROOT,
    env: headersEnvironment(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (result.status !== 0) {
    throw new Error(`node-gyp could not compile the addon\n${result.stdout}${result.stderr}`)
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) buildNative()
