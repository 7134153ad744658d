// The addon itself, instrumented, inside an ordinary Node: built in a copy of the tree, with the
// sanitizer's runtime preloaded.
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { HERE, ROOT, run } from './build.mjs'

/** node-gyp needs Node's headers: those beside this Node where it has them. */
function headersEnvironment() {
  const prefix = join(dirname(process.execPath), '..')
  const here = existsSync(join(prefix, 'include', 'node', 'node_api.h'))
  return here && !process.env.npm_config_nodedir ? { npm_config_nodedir: prefix } : {}
}

/** A package in `folder` whose addon is built with `sanitizers`. */
export async function buildAddon(folder, sanitizers) {
  mkdirSync(folder, { recursive: true })
  for (const entry of ['native', 'dist', 'binding.gyp', 'package.json']) {
    cpSync(join(ROOT, entry), join(folder, entry), { recursive: true })
  }
  cpSync(join(HERE, 'addon_stress.mjs'), join(folder, 'addon_stress.mjs'))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const nodeGyp = join(ROOT, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js')
  const args = ['rebuild', '--loglevel=error', '--', `-Dsanitize=${sanitizers}`]
  return run(process.execPath, [nodeGyp, ...args], {
    cwd: folder,
    env: headersEnvironment(),
    seconds: 240,
  })
}

/** Runs the stress under the runtime `library`, which the compiler has. */
export async function stressAddon(folder, compiler, library, options) {
  const { ok, output } = await run(compiler, [`-print-file-name=${library}`])
  const runtime = output.trim()
  if (!ok || !runtime.startsWith('/')) {
    return { ok: false, output: `${compiler} has no ${library}: ${output}` }
  }
  return run(process.execPath, [join(folder, 'addon_stress.mjs')], {
    cwd: folder,
    env: { LD_PRELOAD: runtime, UV_THREADPOOL_SIZE: '2', ...options },
    seconds: 150,
  })
}
