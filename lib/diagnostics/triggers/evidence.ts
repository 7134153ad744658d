import { messageOf } from '../../capability.js'
import type { CaptureContent, Engine } from '../engine.js'
import type { CapturedThread, CaptureKind, StackReport } from '../model.js'
import { checkRequest, type RequestFields } from '../request.js'
import type { StackOfTrigger, TriggerSpec } from './model.js'
import { type Rest, Rests } from './rests.js'
import { type Ring, timeText } from './ring.js'

// How long captures may take beyond the seconds that they run for.
const STACK_MS = 10_000
const PROFILE_MS = 30_000
const SNAPSHOT_MS = 300_000

const MS_PER_SECOND = 1000
const LONGEST_NAME = 40

/** What one firing of a trigger brought. */
export interface Evidence {
  readonly files: string[]
  readonly failures: string[]
  /** Of a known one nothing was written, of a new one its stack alone. */
  readonly rest: Rest
}

/** One firing of a trigger. */
export interface Firing {
  readonly thread: CapturedThread
  /** Its id. */
  readonly trigger: string
  /** ms since the Unix epoch. */
  readonly at: number
  /** What was measured. */
  readonly value: number
}

/** Does a part of the work, and takes down what goes wrong. */
type Attempt = (what: CaptureKind, work: () => Promise<string | undefined>) => Promise<void>

/** A piece of a file's name, of whatever a thread is called. */
const piece = (text: string): string => text.replace(/[^\w.-]+/g, '_').slice(0, LONGEST_NAME)

/** Sorts by time, and tells process, thread and trigger apart. */
function baseName({ at, thread: { pid, name, threadId }, trigger }: Firing): string {
  const thread = threadId === 0 ? 'main' : `${threadId}-${piece(name)}`
  return `threadmeter-${timeText(at)}-${pid}-${thread}-${piece(trigger)}`
}

/** A line for each member, and for each frame: `cat` shows who called whom. */
function textOfStack(report: StackOfTrigger): string {
  const lines = Object.entries(report).map(([key, value]) => {
    const inLines = Array.isArray(value) && value.length > 0
    const items = inLines ? value.map((item) => `\n    ${JSON.stringify(item)}`) : []
    return `  "${key}": ${inLines ? `[${items}\n  ]` : JSON.stringify(value)}`
  })
  return `{\n${lines.join(',\n')}\n}\n`
}

/** Takes what a trigger asks for from one thread, one after the other, and puts it into the ring. */
export class EvidenceTaker {
  readonly #engine: Engine
  readonly #ring: Ring
  readonly #spec: TriggerSpec
  readonly #abort: AbortSignal
  readonly #rests = new Rests()

  /** @param abort ends profiles early, with what there is */
  constructor(engine: Engine, ring: Ring, spec: TriggerSpec, abort: AbortSignal) {
    this.#engine = engine
    this.#ring = ring
    this.#spec = spec
    this.#abort = abort
  }

  /** Never rejects: what goes wrong is told in `failures`. */
  async take(firing: Firing): Promise<Evidence> {
    const { thread } = firing
    const files: string[] = []
    const failures: string[] = []
    const base = baseName(firing)
    const attempt: Attempt = async (what, work) => {
      try {
        const path = await work()
        if (path !== undefined) files.push(path)
      } catch (error) {
        failures.push(`${what}: ${messageOf(error)}`)
      }
    }
    let isReachable = true
    let rest: Rest = null
    this.#ring.hold()
    await attempt('stack', () =>
      this.#capture(thread, { kind: 'stack' }, STACK_MS, (content) => {
        const report = JSON.parse(jsonOf(content)) as StackReport
        // No request reaches a native call: what /proc says of it stands in the stack report.
        isReachable = report.state !== 'native'
        rest = this.#restOf(report)
        if (rest === 'known') return undefined
        return this.#ring.write(`${base}.stack.json`, textOfStack(this.#withCause(firing, report)))
      }),
    )
    if (isReachable && rest === null) await this.#takeMore(thread, base, attempt)
    this.#ring.release()
    return { files, failures, rest }
  }

  /** A thread that waits uses no CPU, and its heap is as large as that of any other. */
  #restOf(report: StackReport): Rest {
    const { condition } = this.#spec
    const isAboutLoops = condition === 'blockedFor' || condition === 'eluAbove'
    return isAboutLoops ? this.#rests.look(report) : null
  }

  /** What one looks for first stands first. */
  #withCause({ trigger: id, at, value }: Firing, report: StackReport): StackOfTrigger {
    const { condition, threshold, for: seconds } = this.#spec
    const { kind, thread, state, frames, kernel, ...rest } = report
    const trigger = { id, condition, threshold, for: seconds, value, at }
    return { kind, trigger, thread, state, frames, kernel, ...rest }
  }

  async #takeMore(thread: CapturedThread, base: string, attempt: Attempt): Promise<void> {
    const { profileSeconds: seconds, heapSnapshot } = this.#spec.capture
    if (seconds > 0) {
      const limit = seconds * MS_PER_SECOND + PROFILE_MS
      const request = { kind: 'cpu-profile', seconds } as const
      await attempt('cpu-profile', () =>
        this.#capture(thread, request, limit, (content) =>
          this.#ring.write(`${base}.cpuprofile`, jsonOf(content)),
        ),
      )
    }
    if (!heapSnapshot) return
    await attempt('heap-snapshot', () => {
      const request = { kind: 'heap-snapshot', directory: this.#ring.prepare() } as const
      return this.#capture(thread, request, SNAPSHOT_MS, (content) => {
        if (content.type === 'json') throw new Error('it came without a file')
        return this.#ring.adopt(content.path, `${base}.heapsnapshot`)
      })
    })
  }

  /** What is captured is used before the engine is told so: until then, an exit of the process waits. */
  async #capture<Result>(
    { threadId }: CapturedThread,
    fields: RequestFields,
    limit: number,
    use: (content: CaptureContent) => Result,
  ): Promise<Result> {
    const request = checkRequest({ ...fields, thread: threadId })
    const signal = AbortSignal.any([this.#abort, AbortSignal.timeout(limit)])
    const context = { signal, onProgress: () => {} }
    for await (const outcome of this.#engine.capture(request, context)) {
      if ('content' in outcome) return use(outcome.content)
      throw outcome.error
    }
    throw new Error('no thread answered')
  }
}

function jsonOf(content: CaptureContent): string {
  if (content.type === 'json') return content.json
  content.dispose()
  throw new Error('it came as a file')
}
