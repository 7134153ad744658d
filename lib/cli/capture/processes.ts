import { readFileSync } from 'node:fs'
import { basename, dirname, extname, resolve } from 'node:path'
import { doorOf, findDoors } from '../../diagnostics/door/location.js'
import { exists, programOf } from '../../observer/outside/process-files.js'
import { Failure, UsageError } from '../command.js'
import { isNode, ownNodes, uidOf } from '../own-nodes.js'
import { distinctNames, programName } from '../program-name.js'
import { directoryOf } from '../top/services.js'

/** A process whose threads can be captured. */
export interface FoundProcess {
  readonly pid: number
  readonly program: string
  readonly path: string
  readonly directory: string
}

const NO_PROCESS = `No process with diagnostics is running. Start one with
  node --require threadmeter/register app.js
or give the pid of any other to threadmeter attach`

/** The code of a process that there is not. */
export const NOT_FOUND = 'ERR_THREADMETER_PROCESS_NOT_FOUND'

/** Those whose runtime directory is none of the usual ones. */
function elsewhere(known: ReadonlySet<number>): FoundProcess[] {
  return ownNodes()
    .filter((pid) => !known.has(pid))
    .flatMap((pid) => {
      const path = doorOf(pid)
      return path === undefined ? [] : [{ pid, path, directory: dirname(path) }]
    })
    .map((door) => ({ ...door, program: programOf(door.pid) }))
}

/** The processes of this user that answer to diagnostics. */
export function processesWithDoors(): FoundProcess[] {
  const usual = findDoors()
    .filter(({ samePidNamespace }) => samePidNamespace)
    .map(({ pid, path, directory }) => ({ pid, path, directory, program: programOf(pid) }))
  const known = new Set(usual.map(({ pid }) => pid))
  return [...usual, ...elsewhere(known)].sort((a, b) => a.pid - b.pid)
}

const statusOf = (id: number): string => {
  try {
    return readFileSync(`/proc/${id}/status`, 'latin1')
  } catch {
    return ''
  }
}

/** The process that a number means: a pid, or the tid of one of its threads. */
export function ownerOf(id: number): number {
  const group = /^Tgid:\s+(\d+)/m.exec(statusOf(id))?.[1]
  return group === undefined ? id : Number(group)
}

function environmentOf(pid: number, name: string): string | undefined {
  try {
    const all = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    return all.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1)
  } catch {
    return undefined
  }
}

/** Why a process cannot be asked. */
export function whyNoDoor(pid: number): string {
  const uid = uidOf(pid)
  if (!exists(pid)) return `there is no process ${pid}`
  if (uid === undefined) {
    return `process ${pid} belongs to another user, and /proc hides it from you`
  }
  const own = process.geteuid?.()
  if (uid !== own && own !== 0) {
    return `process ${pid} belongs to user ${uid}: only that user can ask it`
  }
  const program = programOf(pid)
  const name = `process ${pid} (${programName(program)})`
  if (directoryOf(pid) !== undefined) return withoutDiagnostics(pid, name)
  if (!isNode(pid)) return `${name} has not loaded threadmeter, and does not seem to be Node.js`
  return `${name} has not loaded threadmeter:
  threadmeter attach ${pid}   reaches it all the same
  node --import threadmeter/register ${program === 'node' ? 'app.js' : program}   starts it so that it can be asked`
}

function withoutDiagnostics(pid: number, name: string): string {
  const told = environmentOf(pid, 'THREADMETER_DIAGNOSTICS')
  if (told === 'off') {
    return `${name} has its diagnostics off, by THREADMETER_DIAGNOSTICS=off:
  threadmeter attach ${pid}   reaches it all the same`
  }
  return `${name} has loaded threadmeter, and does not answer to diagnostics: it has to load
threadmeter/register, or to call enableDiagnostics(). capabilities().diagnostics says there what it lacks.
  threadmeter attach ${pid}   reaches it all the same`
}

const codeOf = (pid: number): string =>
  exists(pid) ? 'ERR_THREADMETER_DIAGNOSTICS_UNAVAILABLE' : NOT_FOUND

/** The process with that pid. */
export function processOf(pid: number): FoundProcess {
  const path = doorOf(pid)
  if (path === undefined) throw new Failure(whyNoDoor(pid), { code: codeOf(pid) })
  return { pid, program: programOf(pid), path, directory: directoryOf(pid) ?? '' }
}

const namesOf = ({ program }: FoundProcess): string[] => {
  const base = basename(program)
  return [program, base, base.slice(0, base.length - extname(base).length)]
}

function listOf(processes: readonly FoundProcess[], command: string, thread?: string): string {
  const names = distinctNames(processes)
  const operands = thread === undefined ? '' : ` ${thread}`
  return processes
    .map(({ pid }, place) => `  threadmeter ${command} ${pid}${operands}   ${names[place]}`)
    .join('\n')
}

function only(processes: readonly FoundProcess[], what: string, command: string): FoundProcess {
  const [first] = processes
  if (processes.length === 1 && first !== undefined) return first
  throw new UsageError(`Several processes ${what}:\n${listOf(processes, command)}`)
}

/** The processes that a word names: by their program, or by their runtime directory. */
export function processesNamed(word: string): FoundProcess[] {
  const all = processesWithDoors()
  if (word.includes('/')) {
    const path = resolve(word)
    return all.filter((each) => each.directory === path || each.program === word)
  }
  return all.filter((each) => namesOf(each).includes(word))
}

/** The only process that can be asked. */
export function onlyProcess(command: string): FoundProcess {
  const all = processesWithDoors()
  if (all.length === 0) throw new UsageError(NO_PROCESS)
  return only(all, 'can be asked', command)
}

/** The only process that can be asked, for a thread of it: a word that no program is called. */
export function onlyProcessFor(thread: string, command: string): FoundProcess {
  const all = processesWithDoors()
  if (all.length === 0) throw new UsageError(NO_PROCESS)
  const [first] = all
  if (all.length === 1 && first !== undefined) return first
  throw new UsageError(
    `No process that can be asked runs ${thread}. If it is a thread, say of which process:\n${listOf(all, command, thread)}`,
  )
}

/** The process that the first of two operands names. */
export function processNamed(word: string, command: string): FoundProcess {
  const found = processesNamed(word)
  if (found.length > 0) return only(found, `are called ${word}`, command)
  const others = processesWithDoors()
  if (others.length === 0) throw new UsageError(NO_PROCESS)
  throw new Failure(
    `no process that can be asked runs ${word}; there are\n${listOf(others, command)}`,
    { code: NOT_FOUND },
  )
}
