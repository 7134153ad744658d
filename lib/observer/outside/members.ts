import { KIND, STATE } from '../../meter/layout.js'
import { lifeOfProcess } from '../../meter/liveness.js'
import { numberedProcesses } from '../../meter/members.js'
import { heapFigures, type MeterValues } from './heap-figures.js'
import { type MeterSource, type OpenMeter, processKey, type ThreadHeader } from './meters.js'
import { ownPidNamespace, programOf } from './process-files.js'
import { ProcessLook } from './process-look.js'
import { type ServiceThread, serviceThread } from './service-threads.js'
import type { ThreadRate } from './thread-rates.js'

/** A process, in all time. */
export interface ProcessName {
  readonly pid: number
  /** Clock ticks after boot. */
  readonly start: number
}

/** A process of the service, and who of its threads told about itself. */
export interface Member {
  readonly look: ProcessLook
  readonly slot: number | null
  program: string
  /** By tid. */
  readonly meters: Map<number, OpenMeter>
  readonly headers: Map<number, ThreadHeader>
  readonly live: ThreadHeader[]
  /** A tid may have had several threads. */
  readonly ended: ThreadHeader[]
  /** Whether it is in a PID namespace that cannot be seen from here. */
  foreign: boolean
}

/** The processes of a service, and others that are to be looked at. */
export class Members {
  /** Processes of the service that have no meter file. */
  unmetered = 0

  #others: readonly ProcessName[]
  #directory: string | undefined
  #members = new Map<string, Member>()
  #namespace = ownPidNamespace()

  constructor(others: readonly ProcessName[], directory: string | undefined) {
    this.#others = others
    this.#directory = directory
  }

  get all(): readonly Member[] {
    return [...this.#members.values()]
  }

  /**
   * Looks at all processes of the service.
   *
   * @param now ms on the monotonic clock
   */
  look(service: MeterSource, now: number): void {
    for (const member of this.#members.values()) {
      member.meters.clear()
      member.headers.clear()
      member.live.length = member.ended.length = 0
    }
    for (const meter of service.ended) this.#addMeter(meter).ended.push(meter.header)
    for (const meter of service.meters) {
      const { live, ended } = this.#addMeter(meter)
      const list = meter.header.state === STATE.ended ? ended : live
      list.push(meter.header)
    }
    this.#addNumbered()
    for (const { pid, start } of this.#others) this.#member(pid, start, null)
    for (const [key, { look, headers, live, ended, foreign }] of this.#members) {
      if (foreign) look.presence = live.length + ended.length === 0 ? 'gone' : 'hidden'
      else look.take(headers, now)
      if (look.presence === 'gone' && live.length + ended.length === 0) this.#members.delete(key)
      if (look.presence === 'present') look.readFigures()
    }
  }

  /** Those that found no room for a meter file: their number takes none. */
  #addNumbered(): void {
    if (this.#directory === undefined) return
    const told = this.all.filter(({ live }) => live.length > 0)
    const known = new Set(told.map(({ slot }) => slot ?? -1))
    this.unmetered = 0
    for (const { slot, process } of numberedProcesses(this.#directory, known)) {
      if (lifeOfProcess(process) !== 'alive') continue
      this.#member(process.pid, process.processStart, slot)
      this.unmetered++
    }
  }

  #addMeter(meter: OpenMeter): Member {
    const { header } = meter
    const { kind, pid, processStart, tid, processSlot, pidNamespace, program } = header
    const member = this.#member(pid, processStart, processSlot)
    // Pids mean nothing in another namespace, or some other process.
    member.foreign = pidNamespace !== this.#namespace
    // Workers run scripts of their own.
    if (kind === KIND.main) member.program = program
    const other = member.headers.get(tid)
    if (other === undefined || other.threadStart <= header.threadStart) {
      member.headers.set(tid, header)
      member.meters.set(tid, meter)
    }
    return member
  }

  #member(pid: number, start: number, slot: number | null): Member {
    const key = processKey(pid, start)
    let member = this.#members.get(key)
    if (member === undefined) {
      const look = new ProcessLook(pid, start)
      const [meters, headers] = [new Map(), new Map()]
      member = { look, slot, program: '', foreign: false, meters, headers, live: [], ended: [] }
      this.#members.set(key, member)
    }
    return member
  }
}

/** The live threads of a process as users see them. */
export function threadsOf(member: Member, rates: ReadonlyMap<string, ThreadRate>): ServiceThread[] {
  const { look, slot, meters } = member
  member.program ||= programOf(look.pid)
  return [...look.threads.values()].map((thread) => {
    const heap = heapFigures(meters.get(thread.tid) as MeterValues | undefined)
    return serviceThread(thread, slot, member.program, rates.get(thread.key), heap)
  })
}
