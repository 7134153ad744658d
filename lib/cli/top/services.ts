import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { lifeOfProcess } from '../../meter/liveness.js'
import { defaultParents } from '../../meter/private-directory.js'
import { programOf } from '../../observer/outside/process-files.js'
import { ownNodes } from '../own-nodes.js'

/** A service that runs, by its runtime directory. */
export interface RunningService {
  readonly directory: string
  readonly pids: readonly number[]
  readonly program: string
}

const METER_FILE = /^(\d+)-(\d+)-\d+-\d+(?:-\d+)?\.meter$/

const entriesOf = (path: string): string[] => {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function isDirectory(path: string): boolean {
  try {
    return lstatSync(path).isDirectory()
  } catch {
    return false
  }
}

/** The live processes that have meter files in a directory. */
function pidsIn(directory: string, pidNamespace: number): number[] {
  const processes = new Map<string, { pid: number; processStart: number }>()
  for (const name of entriesOf(directory)) {
    const [, pid, start] = METER_FILE.exec(name) ?? []
    if (pid === undefined) continue
    processes.set(`${pid}-${start}`, { pid: Number(pid), processStart: Number(start) })
  }
  return [...processes.values()]
    .filter((process) => lifeOfProcess({ ...process, pidNamespace }) === 'alive')
    .map(({ pid }) => pid)
    .sort((a, b) => a - b)
}

/** Whether a directory is one that processes have reported in, even if none does any more. */
export const hasMeterFiles = (directory: string): boolean =>
  entriesOf(directory).some((name) => METER_FILE.test(name))

/** The directory that THREADMETER_DIR names; undefined where it names none. */
export function toldDirectory(): string | undefined {
  const { THREADMETER_DIR: told = '' } = process.env
  const path = resolve(told)
  return told !== '' && isDirectory(path) ? realpathSync(path) : undefined
}

/** Where services of this user may keep their meter files. */
function directories(): string[] {
  const usual = defaultParents().parents.flatMap((parent) =>
    entriesOf(parent).map((name) => join(parent, name)),
  )
  const others = [toldDirectory(), ...ownNodes().map(directoryOf)]
  return [...new Set([...usual, ...others.filter((path) => path !== undefined)])]
}

/** The services of this user that run. */
export function runningServices(pidNamespace: number): RunningService[] {
  return directories()
    .filter(isDirectory)
    .map((directory) => ({ directory, pids: pidsIn(directory, pidNamespace) }))
    .filter(({ pids }) => pids.length > 0)
    .map((service) => ({ ...service, program: programOf(service.pids[0] as number) }))
}

const MAPPED_METER = /\s(\/\S.*)\/[^/]+\.meter$/m

/** The runtime directory that a process has a meter file in; undefined when it has none, or hides it. */
export function directoryOf(pid: number): string | undefined {
  try {
    return MAPPED_METER.exec(readFileSync(`/proc/${pid}/maps`, 'utf8'))?.[1]
  } catch {
    return undefined
  }
}
