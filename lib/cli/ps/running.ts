import { setTimeout } from 'node:timers/promises'
import { MeterService } from '../../meter/service.js'
import { type MeterSource, Outside, type ServiceThread } from '../../observer/outside/index.js'
import { ownPidNamespace, processStartOf, programOf } from '../../observer/outside/process-files.js'
import { processesWithDoors } from '../capture/processes.js'
import { ownNodes } from '../own-nodes.js'
import { directoryOf, runningServices } from '../top/services.js'
import { type Answer, askDoor } from './answer.js'

/** A process, and whether its threads can be captured. */
export interface ShownProcess {
  readonly pid: number
  readonly program: string
  readonly diagnostics: Answer
  readonly threads: readonly ServiceThread[]
}

/** The processes of one runtime directory. */
export interface ShownService {
  readonly directory: string
  readonly processes: readonly ShownProcess[]
  /** Those that were not asked for. */
  readonly otherPids: readonly number[]
}

/** Everything of this user that runs. */
export interface Running {
  readonly services: readonly ShownService[]
  /** Node.js processes that have not loaded threadmeter. */
  readonly others: readonly { readonly pid: number; readonly program: string }[]
}

interface Group {
  readonly directory: string
  readonly pids: Set<number>
  readonly otherPids?: readonly number[]
}

const MS = 1000

/** What is wished to be seen. */
export interface Selection {
  readonly pid?: number
  readonly directory?: string
}

function groupsOf(doors: ReadonlyMap<number, string>, directories: Map<number, string>): Group[] {
  const groups = new Map<string, Group>()
  const groupOf = (directory: string): Group => {
    const group = groups.get(directory) ?? { directory, pids: new Set<number>() }
    groups.set(directory, group)
    return group
  }
  for (const { directory, pids } of runningServices(ownPidNamespace())) {
    for (const pid of pids) groupOf(directory).pids.add(pid)
  }
  const known = new Set([...groups.values()].flatMap(({ pids }) => [...pids]))
  for (const pid of doors.keys()) {
    if (!known.has(pid)) groupOf(directories.get(pid) ?? '').pids.add(pid)
  }
  // Those that nobody can ask have meter files all the same, which may be in any directory.
  for (const pid of ownNodes()) {
    const directory = known.has(pid) || doors.has(pid) ? undefined : directoryOf(pid)
    if (directory !== undefined) groupOf(directory).pids.add(pid)
  }
  return [...groups.values()]
}

function narrowed(groups: readonly Group[], { pid, directory }: Selection): Group[] {
  return groups
    .filter((group) => directory === undefined || group.directory === directory)
    .map((group) => {
      if (pid === undefined) return group
      const pids = new Set([...group.pids].filter((id) => id === pid))
      const others = [...group.pids].filter((id) => id !== pid).sort((a, b) => a - b)
      return { ...group, pids, otherPids: group.directory === '' ? [] : others }
    })
    .filter(({ pids }) => pids.size > 0)
}

/** Looks at all threads of some processes, as `top` does. */
class Looker {
  readonly #pids: ReadonlySet<number>
  readonly #service: MeterService | undefined
  readonly #outside: Outside

  constructor({ directory, pids }: Group) {
    this.#pids = pids
    this.#service = directory === '' ? undefined : new MeterService(directory)
    const names = [...pids].map((pid) => ({ pid, start: processStartOf(pid) }))
    const alive = names.filter(({ start }) => !Number.isNaN(start))
    this.#outside = new Outside({ minInterval: 0, pids: alive })
  }

  look(): readonly ServiceThread[] {
    this.#service?.refresh()
    const meters = this.#service?.meters.filter(({ header }) => this.#pids.has(header.pid)) ?? []
    const source: MeterSource = { meters, ended: [] }
    return this.#outside.collect(source).threads
  }

  close(): void {
    this.#service?.close()
  }
}

async function threadsOf(group: Group, seconds: number): Promise<readonly ServiceThread[]> {
  const looker = new Looker(group)
  try {
    looker.look()
    await setTimeout(seconds * MS)
    return looker.look()
  } finally {
    looker.close()
  }
}

/** A thread knows its own name best: Node 20 tells it to nobody but the one who asks. */
function named(threads: readonly ServiceThread[], { threads: known }: Answer): ServiceThread[] {
  return threads.map((thread) => {
    const told = known.find(({ tid }) => tid === thread.tid)
    if (told === undefined) return thread
    const { threadId, name, role } = told
    return { ...thread, threadId, name, role }
  })
}

async function show(
  group: Group,
  doors: ReadonlyMap<number, string>,
  seconds: number,
): Promise<ShownService> {
  const pids = [...group.pids].sort((a, b) => a - b)
  const [threads, answers] = await Promise.all([
    threadsOf(group, seconds),
    Promise.all(pids.map((pid) => askDoor(doors.get(pid)))),
  ])
  const processes = pids.map((pid, place): ShownProcess => {
    const diagnostics = answers[place] as Answer
    const own = threads.filter((thread) => thread.pid === pid)
    return { pid, program: programOf(pid), diagnostics, threads: named(own, diagnostics) }
  })
  return {
    directory: group.directory,
    processes: processes.filter((process) => process.threads.length > 0),
    otherPids: group.otherPids ?? [],
  }
}

/** What runs: looked at twice, `seconds` apart, so that there is something to say of CPU. */
export async function running(selection: Selection, seconds: number): Promise<Running> {
  const found = processesWithDoors()
  const doors = new Map(found.map(({ pid, path }) => [pid, path]))
  const directories = new Map(found.map(({ pid, directory }) => [pid, directory]))
  const all = groupsOf(doors, directories)
  const groups = narrowed(all, selection)
  const services = await Promise.all(groups.map((group) => show(group, doors, seconds)))
  const known = new Set(all.flatMap(({ pids }) => [...pids]))
  return {
    services: services.filter(({ processes }) => processes.length > 0),
    others: ownNodes()
      .filter((pid) => !known.has(pid))
      .map((pid) => ({ pid, program: programOf(pid) })),
  }
}
