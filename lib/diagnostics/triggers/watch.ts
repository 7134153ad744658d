import { clearInterval, setInterval } from 'node:timers'
import { messageOf } from '../../capability.js'
import { ThreadmeterError } from '../../errors.js'
import type { Lifecycle } from '../channel/lifecycle.js'
import type { JsonRoutes } from '../door/routes.js'
import type { Engine } from '../engine.js'
import { ArmedTrigger } from './armed-trigger.js'
import { triggersFromEnvironment } from './environment.js'
import { Heaps } from './heaps.js'
import { Looks } from './looks.js'
import type { TriggerSpec, TriggerStatus } from './model.js'
import { triggerRoutes } from './routes.js'

const MOST_TRIGGERS = 32

// Of the time between two looks, what is longer was not watched.
const UNSEEN_PERIODS = 4
const LEAST_UNSEEN_MS = 1000

/** The triggers of a process. */
export interface Triggers {
  /** What the socket answers about them. */
  readonly routes: JsonRoutes
  /** Sets one. Throws what makes its directory unusable, and ERR_THREADMETER_BUSY for one too many. */
  add(spec: TriggerSpec): TriggerStatus
  all(): readonly TriggerStatus[]
  get(id: string): ArmedTrigger | undefined
  /** False when there is none of that id. */
  remove(id: string): boolean
  /** Takes all of them away; what is being captured ends early and is written. */
  close(): Promise<void>
}

/** What {@link createTriggers} may be told. */
export interface TriggersOptions {
  /** Captures that are under way when the process ends are written. */
  readonly lifecycle?: Lifecycle
  /** Called with what of THREADMETER_WHEN cannot be used; by default a warning of the process. */
  readonly warn?: (error: Error) => void
}

class Watch implements Triggers {
  readonly routes: JsonRoutes
  readonly #engine: Engine
  readonly #abort = new AbortController()
  readonly #heaps = new Heaps()
  readonly #triggers = new Map<string, ArmedTrigger>()
  #looks: Looks | undefined
  #timer: NodeJS.Timeout | undefined
  #period = 0
  #numbers = 0

  constructor(engine: Engine) {
    this.#engine = engine
    this.routes = triggerRoutes(this)
  }

  add(spec: TriggerSpec): TriggerStatus {
    if (this.#abort.signal.aborted) {
      throw new ThreadmeterError('ERR_THREADMETER_PROCESS_ENDED', [String(process.pid)])
    }
    if (this.#triggers.size >= MOST_TRIGGERS) {
      throw new ThreadmeterError('ERR_THREADMETER_BUSY', [`there are ${MOST_TRIGGERS} triggers`])
    }
    this.#looks ??= new Looks()
    const id = `${spec.condition}-${spec.threshold}-${this.#numbers + 1}`
    const trigger = this.#arm(id, spec)
    this.#numbers++
    this.#triggers.set(id, trigger)
    this.#schedule()
    return trigger.status
  }

  #arm(id: string, spec: TriggerSpec): ArmedTrigger {
    try {
      return new ArmedTrigger(id, spec, this.#engine, this.#abort.signal)
    } catch (error) {
      const details = ['setting the trigger', messageOf(error)]
      throw new ThreadmeterError('ERR_THREADMETER_CAPTURE_FAILED', details, error)
    }
  }

  all(): readonly TriggerStatus[] {
    return [...this.#triggers.values()].map(({ status }) => status)
  }

  get(id: string): ArmedTrigger | undefined {
    return this.#triggers.get(id)
  }

  remove(id: string): boolean {
    const trigger = this.#triggers.get(id)
    this.#triggers.delete(id)
    trigger?.disarm()
    this.#schedule()
    return trigger !== undefined
  }

  async close(): Promise<void> {
    this.#abort.abort()
    const triggers = [...this.#triggers.values()]
    this.#triggers.clear()
    this.#schedule()
    for (const trigger of triggers) trigger.disarm()
    await Promise.all(triggers.map((trigger) => trigger.settled()))
  }

  /** No timer without triggers; as slow a one as the fastest of them allows. */
  #schedule(): void {
    const triggers = [...this.#triggers.values()]
    const period = Math.min(...triggers.map((trigger) => trigger.period))
    if (!triggers.some(({ needsHeaps }) => needsHeaps)) this.#heaps.close()
    if (period === this.#period) return
    clearInterval(this.#timer)
    this.#period = period
    this.#timer = triggers.length === 0 ? undefined : setInterval(() => this.#look(), period)
  }

  #look(): void {
    const longest = Math.max(this.#period * UNSEEN_PERIODS, LEAST_UNSEEN_MS)
    const threads = (this.#looks as Looks).take(longest)
    const triggers = [...this.#triggers.values()]
    const now = threads[0]?.at ?? 0
    if (triggers.some(({ needsHeaps }) => needsHeaps)) this.#heaps.look(now)
    for (const trigger of triggers) trigger.look(threads, this.#heaps)
  }
}

const warnOf = (error: Error): void =>
  process.emitWarning(error.message, {
    type: 'ThreadmeterWarning',
    code: (error as { code?: string }).code ?? 'ERR_THREADMETER_WHEN',
  })

/**
 * The triggers of this process, to be watched over in the helper's thread. Those of THREADMETER_WHEN are
 * set at once. Costs nothing until there is one; then one timer, of 250 ms or less.
 */
export function createTriggers(
  engine: Engine,
  { lifecycle, warn = warnOf }: TriggersOptions = {},
): Triggers {
  const triggers = new Watch(engine)
  lifecycle?.onEnding(() => triggers.close())
  for (const spec of triggersFromEnvironment(warn)) {
    try {
      triggers.add(spec)
    } catch (error) {
      warn(error as Error)
    }
  }
  return triggers
}
