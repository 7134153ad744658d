// The other Nodes that the gate runs on, from the packages that hold a Node binary and nothing else, in a
// folder outside the checkout: they are large, and a second run finds them there.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const FOLDER = join(tmpdir(), `threadmeter-nodes-${process.getuid()}`)

/** The majors that are tested beside the Node that runs the gate. */
export const MAJORS = [22, 24, 26].filter((major) => !process.version.startsWith(`v${major}.`))

/** Where the binary of a Node is, once installed. */
export const nodePath = (major, arch = process.arch) =>
  join(FOLDER, arch, 'node_modules', `node${major}`, 'bin', 'node')

function install(majors, arch) {
  const missing = majors.filter((major) => !existsSync(nodePath(major, arch)))
  if (missing.length === 0) return
  const cwd = join(FOLDER, arch)
  mkdirSync(cwd, { recursive: true, mode: 0o700 })
  writeFileSync(join(cwd, 'package.json'), '{ "private": true }\n')
  const packages = majors.map((major) => `node${major}@npm:node-linux-${arch}@${major}`)
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--force']
  const result = spawnSync('npm', [...args, `--cpu=${arch}`, ...packages], {
    cwd,
    stdio: 'inherit',
  })
  if (result.status !== 0) throw new Error(`npm could not install ${packages.join(' ')}`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  install(MAJORS, process.arch)
  install([24], 'arm64')
}
