import { threads as registeredThreads, type ThreadInfo } from '../../cpu/threads.js'
import type { CapturedThread, DiagnosticThread } from '../model.js'
import type { EngineParts } from './engine-options.js'

interface Look {
  readonly at: number
  readonly infos: ReadonlyMap<number, ThreadInfo>
}

type Rates = Pick<DiagnosticThread, 'cpu' | 'runDelay' | 'eventLoopUtilization'>

const NO_RATES: Rates = { cpu: null, runDelay: null, eventLoopUtilization: null }

function take(): Look {
  try {
    const infos = registeredThreads().map((info) => [info.tid, info] as const)
    return { at: performance.now(), infos: new Map(infos) }
  } catch {
    return { at: performance.now(), infos: new Map() }
  }
}

function utilization(before: ThreadInfo, after: ThreadInfo): number | null {
  const [from, to] = [before.eventLoopUtilization, after.eventLoopUtilization]
  if (from === null || to === null) return null
  const active = to.active - from.active
  const span = active + to.idle - from.idle
  return span > 0 ? Math.min(1, Math.max(0, active / span)) : null
}

function ratesBetween(before: ThreadInfo, after: ThreadInfo, spanMs: number): Rates {
  // A tid is used again.
  if (before.startTime !== after.startTime || spanMs <= 0) return NO_RATES
  const share = (from: number, to: number) => Math.max(0, to - from) / (spanMs * 1e6)
  const delays = [before.runDelay, after.runDelay] as const
  return {
    cpu: share(before.cpuTime, after.cpuTime),
    // The kernel counts a wait when it ends, also what of it lies before.
    runDelay:
      delays[0] === null || delays[1] === null ? null : Math.min(share(delays[0], delays[1]), 1),
    eventLoopUtilization: utilization(before, after),
  }
}

/** Looks at threads, each with its rates since the look before. */
export class Looks {
  readonly #kernelView: EngineParts['kernelView']
  #last: Look | undefined

  constructor(kernelView: EngineParts['kernelView']) {
    this.#kernelView = kernelView
  }

  async take(threads: readonly CapturedThread[]): Promise<DiagnosticThread[]> {
    const before = this.#last
    const now = take()
    this.#last = now
    return Promise.all(
      threads.map(async (thread) => ({
        ...thread,
        ...this.#rates(thread, before, now),
        kernel: await this.#kernelView(thread.pid, thread.tid),
      })),
    )
  }

  #rates({ tid }: CapturedThread, before: Look | undefined, now: Look): Rates {
    const [from, to] = [before?.infos.get(tid ?? 0), now.infos.get(tid ?? 0)]
    if (before === undefined || from === undefined || to === undefined) return NO_RATES
    return ratesBetween(from, to, now.at - before.at)
  }
}
