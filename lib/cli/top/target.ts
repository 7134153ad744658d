import { lstatSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { defaultParents } from '../../meter/private-directory.js'
import { MeterService } from '../../meter/service.js'
import { type MeterSource, Outside, type ServiceThread } from '../../observer/outside/index.js'
import {
  exists,
  ownPidNamespace,
  processStartOf,
  programOf,
} from '../../observer/outside/process-files.js'
import { Failure, UsageError } from '../command.js'
import { programName } from '../program-name.js'
import {
  directoryOf,
  hasMeterFiles,
  type RunningService,
  runningServices,
  toldDirectory,
} from './services.js'

/** What is looked at. */
export interface Target {
  readonly title: string
  /** Its threads; undefined when it has ended. */
  look(): readonly ServiceThread[] | undefined
  close(): void
}

const NO_METERS: MeterSource = { meters: [], ended: [] }

class ServiceTarget implements Target {
  readonly #directory: string
  #programs = ''
  #service: MeterService
  #outside = new Outside({ minInterval: 0 })

  constructor(directory: string) {
    this.#directory = directory
    this.#service = new MeterService(directory)
  }

  get title(): string {
    return `${this.#programs}${this.#directory}`
  }

  look(): readonly ServiceThread[] {
    this.#service.refresh()
    const { threads } = this.#outside.collect({ meters: this.#service.meters, ended: [] })
    const programs = new Set(threads.map(({ program }) => programName(program)))
    this.#programs = programs.size === 1 ? `${[...programs][0]}  ` : ''
    return threads
  }

  close(): void {
    this.#service.close()
  }
}

/** One process, whatever it runs; what it tells in meter files is used where there are any. */
class ProcessTarget implements Target {
  readonly title: string
  #pid: number
  #service: MeterService | undefined
  #outside: Outside

  constructor(pid: number, start: number) {
    this.#pid = pid
    this.title = `${pid}  ${programName(programOf(pid))}`
    const directory = directoryOf(pid)
    this.#service = directory === undefined ? undefined : new MeterService(directory)
    this.#outside = new Outside({ minInterval: 0, pids: [{ pid, start }] })
  }

  look(): readonly ServiceThread[] | undefined {
    const { threads, hidden } = this.#outside.collect(this.#source())
    if (hidden > 0) throw hiddenProcess(this.#pid)
    return threads.length === 0 ? undefined : threads
  }

  close(): void {
    this.#service?.close()
  }

  #source(): MeterSource {
    if (this.#service === undefined) return NO_METERS
    this.#service.refresh()
    const meters = this.#service.meters.filter(({ header }) => header.pid === this.#pid)
    return { meters, ended: [] }
  }
}

const hiddenProcess = (pid: number): Failure =>
  new Failure(`process ${pid} belongs to another user, and /proc hides it from you`)

/** The process whose id was given. */
function processTarget(pid: number): Target {
  const start = processStartOf(pid)
  if (!Number.isNaN(start)) return new ProcessTarget(pid, start)
  throw exists(pid) ? hiddenProcess(pid) : new Failure(`there is no process ${pid}`)
}

function directoryTarget(path: string): Target {
  const directory = resolve(path)
  const stats = statSync(directory, { throwIfNoEntry: false })
  if (stats === undefined) throw new Failure(`there is no directory ${directory}`)
  if (!stats.isDirectory()) throw new Failure(`${directory} is not a directory`)
  const { uid } = lstatSync(directory)
  if (uid !== process.geteuid?.()) {
    throw new Failure(
      `${directory} belongs to user ${uid}: only that user can read its meter files`,
    )
  }
  if (!hasMeterFiles(directory) && !isRuntimeDirectory(directory)) {
    throw new Failure(
      `${directory} is no runtime directory: it has no meter files (threadmeter ps lists those there are)`,
    )
  }
  return new ServiceTarget(directory)
}

/** Whether a service may begin there yet. */
const isRuntimeDirectory = (directory: string): boolean =>
  directory === process.env.THREADMETER_DIR || defaultParents().parents.includes(dirname(directory))

const choice = ({ directory, pids, program }: RunningService): string =>
  `  threadmeter top ${directory}   ${programName(program)}, ${pids.length === 1 ? `pid ${pids[0]}` : `pids ${pids.join(', ')}`}`

/** The one service that runs; of several, the one in THREADMETER_DIR. */
function onlyService(): Target {
  const services = runningServices(ownPidNamespace())
  const told = toldDirectory()
  const [first] = services.filter(({ directory }) => directory === told).concat(services)
  if (first === undefined) {
    throw new UsageError(
      'No service with threadmeter is running: give a pid, or a runtime directory',
    )
  }
  if (services.length === 1 || first.directory === told) return new ServiceTarget(first.directory)
  throw new UsageError(`Several services are running:\n${services.map(choice).join('\n')}`)
}

/** What the user means by the operand. */
export function targetOf(operand: string | undefined): Target {
  if (operand === undefined) return onlyService()
  if (/^\d+$/.test(operand)) return processTarget(Number(operand))
  if (operand === '') throw new UsageError('Neither a pid nor a directory was given')
  return directoryTarget(operand)
}
