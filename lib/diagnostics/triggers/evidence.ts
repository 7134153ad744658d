import { messageOf } from '../../capability.js'
import type { CaptureContent, Engine } from '../engine.js'
import type { CapturedThread, CaptureKind, StackReport } from '../model.js'
import { checkRequest } from '../request.js'
import type { CaptureSpec } from './model.js'
import type { Ring } from './ring.js'

// How long captures may take beyond the seconds that they run for.
const STACK_MS = 10_000
const PROFILE_MS = 30_000
const SNAPSHOT_MS = 300_000

const LONGEST_NAME = 40

/** What one firing of a trigger brought. */
export interface Evidence {
  readonly files: string[]
  readonly failures: string[]
}

/** A piece of a file's name, of whatever a thread is called. */
const piece = (text: string): string => text.replace(/[^\w.-]+/g, '_').slice(0, LONGEST_NAME)

/** Sorts by time, and tells process, thread and trigger apart. */
function baseName(at: number, { pid, name, threadId }: CapturedThread, trigger: string): string {
  const time = new Date(at).toISOString().replace(/[-:]/g, '')
  const thread = threadId === 0 ? 'main' : `${threadId}-${piece(name)}`
  return `threadmeter-${time}-${pid}-${thread}-${piece(trigger)}`
}

/** Takes what a trigger asks for from one thread, one after the other, and puts it into the ring. */
export class EvidenceTaker {
  readonly #engine: Engine
  readonly #ring: Ring
  readonly #spec: CaptureSpec
  readonly #abort: AbortSignal

  /** @param abort ends profiles early, with what there is */
  constructor(engine: Engine, ring: Ring, spec: CaptureSpec, abort: AbortSignal) {
    this.#engine = engine
    this.#ring = ring
    this.#spec = spec
    this.#abort = abort
  }

  /** Never rejects: what goes wrong is told in `failures`. */
  async take(thread: CapturedThread, trigger: string, at: number): Promise<Evidence> {
    const evidence: Evidence = { files: [], failures: [] }
    const base = baseName(at, thread, trigger)
    const attempt = async (what: CaptureKind, work: () => Promise<string>): Promise<void> => {
      try {
        evidence.files.push(await work())
      } catch (error) {
        evidence.failures.push(`${what}: ${messageOf(error)}`)
      }
    }
    let state: StackReport['state'] | undefined
    await attempt('stack', async () => {
      const json = await this.#json(thread, 'stack', {}, STACK_MS)
      state = (JSON.parse(json) as StackReport).state
      return this.#ring.write(`${base}.stack.json`, json)
    })
    const seconds = this.#spec.profileSeconds
    // No request reaches a native call: what /proc says of it stands in the stack report.
    if (seconds > 0 && state !== 'native') {
      await attempt('cpu-profile', async () => {
        const limit = seconds * 1000 + PROFILE_MS
        const json = await this.#json(thread, 'cpu-profile', { seconds }, limit)
        return this.#ring.write(`${base}.cpuprofile`, json)
      })
    }
    if (this.#spec.heapSnapshot && state !== 'native') {
      await attempt('heap-snapshot', () => this.#snapshot(thread, `${base}.heapsnapshot`))
    }
    this.#ring.release()
    return evidence
  }

  async #json(
    thread: CapturedThread,
    kind: CaptureKind,
    more: object,
    limit: number,
  ): Promise<string> {
    const content = await this.#capture(thread, { kind, ...more }, limit)
    if (content.type === 'json') return content.json
    content.dispose()
    throw new Error('it came as a file')
  }

  async #snapshot(thread: CapturedThread, name: string): Promise<string> {
    const directory = this.#ring.prepare()
    const request = { kind: 'heap-snapshot', directory } as const
    const content = await this.#capture(thread, request, SNAPSHOT_MS)
    if (content.type === 'file') return this.#ring.adopt(content.path, name)
    throw new Error('it came without a file')
  }

  async #capture(
    { threadId }: CapturedThread,
    fields: { kind: CaptureKind },
    limit: number,
  ): Promise<CaptureContent> {
    const request = checkRequest({ ...fields, thread: threadId })
    const signal = AbortSignal.any([this.#abort, AbortSignal.timeout(limit)])
    const context = { signal, onProgress: () => {} }
    for await (const outcome of this.#engine.capture(request, context)) {
      if ('content' in outcome) return outcome.content
      throw outcome.error
    }
    throw new Error('no thread answered')
  }
}
