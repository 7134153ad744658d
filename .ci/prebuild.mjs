// Makes prebuilds/: one addon per CPU, for glibc and musl alike. With --check it compares what it makes
// with what is there, bit for bit. The addon is built from a copy of the sources in a temporary folder,
// which leaves build/ alone and shows each time that the binary does not depend on where it was built.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { inRoot } from './files.mjs'
import { headersEnvironment, missingTools } from './native.mjs'

const TARGETS = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }
const SOURCES = ['native', 'binding.gyp', 'package.json', join('node_modules', 'node-addon-api')]
const FILE = 'threadmeter.node'

/** The tools for a CPU: this machine's own, or the cross compiler's, which carry the target's name. */
function toolsFor(arch) {
  if (arch === process.arch) return { CC: 'gcc', CXX: 'g++', PREBUILD_STRIP_BIN: 'strip' }
  const target = TARGETS[arch]
  return {
    CC: `${target}-gcc`,
    CXX: `${target}-g++`,
    PREBUILD_STRIP_BIN: `${target}-strip`,
  }
}

/** The environment of the build, without flags of the caller's that would end up in the binary. */
function buildEnvironment(tools) {
  const { CFLAGS, CXXFLAGS, CPPFLAGS, LDFLAGS, ...environment } = headersEnvironment()
  const nodeGyp = inRoot('node_modules', '.bin', 'node-gyp')
  return { ...environment, ...tools, PREBUILD_NODE_GYP: nodeGyp }
}

function build(arch, tools) {
  const folder = mkdtempSync(join(tmpdir(), 'threadmeter-prebuild-'))
  try {
    for (const source of SOURCES) cpSync(inRoot(source), join(folder, source), { recursive: true })
    const prebuildify = inRoot('node_modules', 'prebuildify', 'bin.js')
    // The target only names a folder for headers, and is not used where headers are given.
    const target = process.versions.node
    const args = [prebuildify, '--napi', '--strip', '--arch', arch, '-t', target]
    const result = spawnSync(process.execPath, args, {
      cwd: folder,
      env: buildEnvironment(tools),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (result.status !== 0) throw new Error(`prebuildify failed\n${result.stdout}${result.stderr}`)
    return readFileSync(join(folder, 'prebuilds', `linux-${arch}`, FILE))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Puts the addon in place, alone: the loader takes the first file of the folder that fits. */
function write(arch, binary) {
  const folder = inRoot('prebuilds', `linux-${arch}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, FILE), binary, { mode: 0o755 })
  return 'made'
}

function compare(arch, binary) {
  const path = inRoot('prebuilds', `linux-${arch}`, FILE)
  if (existsSync(path) && readFileSync(path).equals(binary)) return 'the same as rebuilt'
  const compiler = spawnSync(toolsFor(arch).CXX, ['--version'], { encoding: 'utf8' }).stdout
  throw new Error(
    `prebuilds/linux-${arch}/${FILE} is not what the sources give: run npm run prebuild ` +
      `(compared with ${compiler.split('\n')[0]})`,
  )
}

function prebuild(arch, finish) {
  const tools = toolsFor(arch)
  const missing = missingTools(Object.values(tools))
  if (missing.length > 0) {
    const reason = `linux-${arch} not made: no ${missing.join(', no ')}`
    if (arch === process.arch || asked === arch) throw new Error(reason)
    console.log(`[prebuild] ${reason}`)
    return
  }
  const binary = build(arch, tools)
  console.log(`[prebuild] linux-${arch}: ${finish(arch, binary)}, ${binary.length} bytes`)
}

const { values } = parseArgs({ options: { arch: { type: 'string' }, check: { type: 'boolean' } } })
const asked = values.arch
try {
  if (process.platform !== 'linux') throw new Error('the addon is for Linux, and is built there')
  for (const arch of asked ? [asked] : Object.keys(TARGETS)) {
    prebuild(arch, values.check ? compare : write)
  }
} catch (error) {
  console.error(`[prebuild] ${error.message}`)
  process.exitCode = 1
}
