import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cleanEnvironment } from '../fixtures/run.js'

const run = promisify(execFile)

/** The checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What npm tells the scripts that it runs would mislead the npm that is run here. */
function npmEnvironment(): NodeJS.ProcessEnv {
  const own = /^npm_(package|lifecycle|config_local_prefix|command|execpath)/
  return Object.fromEntries(Object.entries(cleanEnvironment()).filter(([name]) => !own.test(name)))
}

/** A project of its own into which npm has installed the package from its tarball. */
export interface Project {
  folder: string
  /** The package's own folder. */
  installed: string
  /** Runs a file of test/package/fixtures/ as a program of the project. */
  run(fixture: string, options?: ProgramOptions): Promise<string>
  /** The package's files, as paths relative to its folder. */
  files(): string[]
  remove(): void
}

export interface ProgramOptions {
  nodeArgs?: string[]
  args?: string[]
  env?: NodeJS.ProcessEnv
}

/**
 * Packs the checkout and installs the tarball, with npm's default treatment of install scripts and
 * addons. Dependencies come from the checkout's node_modules, so that it works without a network.
 */
export async function installTarball(...peers: string[]): Promise<Project> {
  // With links resolved, so that paths compare equal to those that Node reports.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'threadmeter-installed-')))
  const env = npmEnvironment()
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  await run('npm', ['pack', '--pack-destination', folder, ...quiet], { cwd: ROOT, env })
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) as string
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const packages = ['node-gyp-build', ...peers].map((name) => join(ROOT, 'node_modules', name))
  const args = ['install', '--offline', '--install-links', ...quiet]
  await run('npm', [...args, join(folder, tarball), ...packages], { cwd: folder, env })
  const installed = join(folder, 'node_modules', 'threadmeter')
  return {
    folder,
    installed,
    run: (fixture, options) => runProgram(folder, fixture, options),
    files: () => readdirSync(installed, { recursive: true }) as string[],
    remove: () => rmSync(folder, { recursive: true }),
  }
}

async function runProgram(
  folder: string,
  fixture: string,
  { nodeArgs = [], args = [], env = {} }: ProgramOptions = {},
): Promise<string> {
  const source = fileURLToPath(new URL(`fixtures/${fixture}`, import.meta.url))
  const program = join(folder, fixture)
  await run('cp', [source, program])
  const { stdout } = await run(process.execPath, [...nodeArgs, program, ...args], {
    cwd: folder,
    env: { ...cleanEnvironment(), ...env },
  })
  return stdout
}
