// What a newcomer does first: clones, and runs `npm start`, on a machine without a compiler. Nothing is
// compiled, and the threads are shown.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { ROOT } from './files.mjs'

const SECONDS = 5

function run(command, args, options) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', ...options })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed\n${stdout}${stderr}`)
  return stdout
}

/** A folder of programs that go before the compilers: they fail, and leave a mark. */
function absentCompilers(folder, mark) {
  mkdirSync(folder)
  for (const tool of ['cc', 'gcc', 'g++', 'c++', 'clang', 'clang++', 'make', 'node-gyp']) {
    const script = `#!/bin/sh\necho ${tool} "$@" >>'${mark}'\nexit 127\n`
    writeFileSync(join(folder, tool), script, { mode: 0o755 })
  }
}

const folder = mkdtempSync(join(tmpdir(), 'threadmeter-first-run-'))
try {
  const mark = join(folder, 'called')
  const clone = join(folder, 'clone')
  absentCompilers(join(folder, 'bin'), mark)
  run('git', ['clone', '--quiet', '--depth=1', `file://${ROOT}`, clone])
  const { CXX, ...env } = process.env
  const PATH = [join(folder, 'bin'), env.PATH].join(delimiter)
  const args = ['start', '--', '--seconds', String(SECONDS)]
  const output = run('npm', args, { cwd: clone, env: { ...env, PATH } })
  console.log(output)
  if (existsSync(mark) || existsSync(join(clone, 'build')))
    throw new Error('something was compiled')
  if (!/\bworker\b/i.test(output)) throw new Error('no worker was shown')
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
