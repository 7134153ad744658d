import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { lifeOfProcess, ownProcess } from '../../meter/liveness.js'
import { defaultParents, ownUid } from '../../meter/private-directory.js'
import { native } from '../../native.js'
import { lookAtProcess, processBehind, type SeenProcess, socketName } from './process-name.js'

/** A socket on which a process answers. */
export interface Door {
  /** As the process calls itself: another PID namespace numbers it in its own way. */
  readonly pid: number
  readonly path: string
  readonly directory: string
  /** Whether `pid` means the same process here. False: whether it still runs only its answer can tell. */
  readonly samePidNamespace: boolean
}

const folderOf = (uid: number): string => `threadmeter-${uid}`

/** Where a process without a runtime directory has its socket. */
export const fallbackDirectory = (): string => join(tmpdir(), folderOf(ownUid()))

/** The path of this process's socket, in its runtime directory unless another directory is given. */
export function doorPath(directory?: string): string {
  const runtime = native?.runtimeDirectory() ?? ''
  const chosen = directory ?? (runtime === '' ? fallbackDirectory() : runtime)
  return join(chosen, socketName(ownProcess()))
}

/** Also of a process that has made its runtime directory after its socket. */
export function ownDoor(): string | undefined {
  return [doorPath(), doorPath(fallbackDirectory())].find(isOwnSocket)
}

function isSocketOf(path: string, uid: number): boolean {
  try {
    const stats = lstatSync(path)
    return stats.isSocket() && stats.uid === uid
  } catch {
    return false
  }
}

const isOwnSocket = (path: string): boolean => isSocketOf(path, ownUid())

/** A directory that others can write to may hold sockets of anybody, under any name. */
function isPrivate(path: string): boolean {
  try {
    const stats = lstatSync(path)
    return stats.isDirectory() && stats.uid === ownUid() && (stats.mode & 0o022) === 0
  } catch {
    return false
  }
}

function entriesOf(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function doorsIn(directory: string): Door[] {
  const { pidNamespace } = ownProcess()
  return entriesOf(directory).flatMap((name) => {
    const process = processBehind(name)
    const path = join(directory, name)
    if (process === undefined || lifeOfProcess(process) === 'dead' || !isOwnSocket(path)) return []
    const samePidNamespace = process.pidNamespace === pidNamespace
    return { pid: process.pid, path, directory, samePidNamespace }
  })
}

/** The directories in which this user's processes have their sockets. */
function directories(): string[] {
  const parents = [...defaultParents().parents, fallbackDirectory()]
  const below = parents
    .filter(isPrivate)
    .flatMap((parent) => [parent, ...entriesOf(parent).map((name) => join(parent, name))])
  const { THREADMETER_DIR: told = '' } = process.env
  const own = native?.runtimeDirectory() ?? ''
  return [...new Set([own, told, ...below])].filter((path) => isAbsolute(path) && isPrivate(path))
}

/**
 * The sockets of the live processes of this user: in the default runtime directories, in that of this
 * process, in THREADMETER_DIR, and where processes without a runtime directory have theirs.
 */
export function findDoors(): Door[] {
  return directories()
    .flatMap(doorsIn)
    .sort((a, b) => a.pid - b.pid)
}

const MAPPED_METER = /\s(\/\S.*)\/[^/]+\.meter$/m

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const variable = (environment: string, name: string): string =>
  environment
    .split('\0')
    .find((entry) => entry.startsWith(`${name}=`))
    ?.slice(name.length + 1) ?? ''

/** Where a process may have its socket, as far as /proc tells, in its own view of the file system. */
function candidatesOf(pid: number, { uid, pid: inner, processStart }: SeenProcess): string[] {
  const environment = textOf(`/proc/${pid}/environ`)
  const xdg = variable(environment, 'XDG_RUNTIME_DIR')
  const places = ['/dev/shm', xdg, `/run/user/${uid}`, '/tmp'].filter(isAbsolute)
  const parents = places.map((place) => join(place, folderOf(uid)))
  return [
    MAPPED_METER.exec(textOf(`/proc/${pid}/maps`))?.[1] ?? '',
    variable(environment, 'THREADMETER_DIR'),
    ...parents.map((parent) => join(parent, `${inner}-${processStart}`)),
    join(variable(environment, 'TMPDIR') || '/tmp', folderOf(uid)),
  ].filter(isAbsolute)
}

function doorSeenFromHere(pid: number): string | undefined {
  const process = lookAtProcess(pid)
  if (process === undefined) return undefined
  const name = socketName(process)
  return candidatesOf(pid, process)
    .map((directory) => join(process.root, directory, name))
    .find((path) => existsSync(path) && isSocketOf(path, process.uid))
}

/** The one process of another namespace that calls itself so; several cannot be told apart. */
function doorOfHidden(doors: readonly Door[]): string | undefined {
  const hidden = doors.filter(({ samePidNamespace }) => !samePidNamespace)
  return hidden.length === 1 ? hidden[0]?.path : undefined
}

/**
 * The socket of a process, named by its pid here, in a container below too; undefined where it has none
 * that this user could use. A process that cannot be seen from here is found by its own number.
 */
export function doorOf(pid: number): string | undefined {
  const doors = findDoors().filter((door) => door.pid === pid)
  const same = doors.find(({ samePidNamespace }) => samePidNamespace)
  return same?.path ?? doorSeenFromHere(pid) ?? doorOfHidden(doors)
}
