// Runs the prebuilt addon of this machine's CPU under musl's libc, in the host of test/package/musl/.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inRoot } from './files.mjs'

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} failed`)
}

const folder = mkdtempSync(join(tmpdir(), 'threadmeter-musl-'))
try {
  const host = join(folder, 'host')
  const source = inRoot('test', 'package', 'musl', 'host.c')
  run('musl-gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-rdynamic', '-o', host, source])
  run(host, [inRoot('prebuilds', `linux-${process.arch}`, 'threadmeter.node')])
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
