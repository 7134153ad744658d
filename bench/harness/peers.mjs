// What the benchmarks compare with and the package does not depend on. `prepare()` compiles and
// installs it; the benchmarks, each in a process of its own, then only load it.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

const require = createRequire(import.meta.url)
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))
const SOURCE = path('../native/bare.c')
const BARE = path('../build/bare.node')

function compileBare(say) {
  if (existsSync(BARE) && statSync(BARE).mtimeMs > statSync(SOURCE).mtimeMs) return
  mkdirSync(path('../build/'), { recursive: true })
  const compiler = process.env.CC ?? 'cc'
  say(`compiling the bare system calls: ${compiler} bench/native/bare.c`)
  const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-shared', '-fPIC']
  execFileSync(compiler, [...flags, '-o', BARE, SOURCE], { stdio: ['ignore', 2, 2] })
}

const readJson = (file) => JSON.parse(readFileSync(path(file), 'utf8'))

const PACKAGES = Object.entries(readJson('../peers/package.json').dependencies)

function isInstalled([name, version]) {
  const file = `../peers/node_modules/${name}/package.json`
  return existsSync(path(file)) && readJson(file).version === version
}

function installPackages(say) {
  if (PACKAGES.every(isInstalled)) return
  say('installing the packages of bench/peers/package.json: npm install in bench/peers/')
  const options = ['--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', ['install', ...options], { cwd: path('../peers/'), stdio: ['ignore', 2, 2] })
}

/** Compiles and installs what is not there yet. A peer that cannot be had is told, and left out. */
export function prepare(say) {
  for (const [what, step] of [
    ['the system calls in C', compileBare],
    [PACKAGES.map(([name]) => name).join(', '), installPackages],
  ]) {
    try {
      step(say)
    } catch (error) {
      say(`without ${what}: ${error.message.split('\n')[0]}`)
    }
  }
}

async function attempt(load) {
  try {
    return { value: await load() }
  } catch (error) {
    return { missing: error.message.split('\n')[0] }
  }
}

/** The loops in C, or undefined. */
export const bare = (await attempt(() => require(BARE))).value

/** CPU of the whole process in ns; without the loops in C from Node, up to a timer tick old. */
export const processCpuTime =
  bare?.processCpuTime ??
  (() => {
    const { user, system } = process.cpuUsage()
    return (user + system) * 1e3
  })

/** A contestant that is a loop in C: `call(bare, times)`. */
export function inC(name, call) {
  const label = `C: ${name}`
  if (bare === undefined) return { name: label, missing: 'bench/native/bare.c is not compiled' }
  return { name: label, run: (times) => call(bare, times) }
}

async function contestantOf(name, load, make) {
  const { value, missing } = await attempt(load)
  return missing === undefined ? { name, ...make(value) } : { name, missing }
}

/** A contestant made by `make(module)` from a package that may be missing. */
export function fromPackage(name, specifier, make) {
  return contestantOf(name, () => import(specifier), make)
}

/** The same, from one of the packages in bench/peers/. */
export function fromPeer(name, specifier, make) {
  const resolve = createRequire(new URL('../peers/package.json', import.meta.url)).resolve
  return contestantOf(name, () => import(pathToFileURL(resolve(specifier))), make)
}

/** A contestant that this Node may lack. */
export function fromNode(name, present, make) {
  return present ? { name, ...make() } : { name, missing: `Node ${process.version} lacks it` }
}
