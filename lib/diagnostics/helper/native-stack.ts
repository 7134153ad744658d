import type { CaptureContent } from '../engine.js'
import type { CapturedThread, KernelView, StackReport, ThreadWindow } from '../model.js'

export interface Versions {
  readonly program: string
  readonly app: string | null
  readonly threadmeter: string
}

/** The report of a thread that is in one native call, of which only the kernel tells. */
export function nativeStack(
  thread: CapturedThread,
  kernel: KernelView,
  window: ThreadWindow,
  { program, app, threadmeter }: Versions,
): CaptureContent {
  const report: StackReport = {
    kind: 'stack',
    thread,
    program,
    route: 'inspector',
    stackAtStart: null,
    window,
    partial: null,
    versions: { threadmeter, node: process.version, app },
    state: 'native',
    frames: [],
    kernel,
  }
  return { type: 'json', json: JSON.stringify(report) }
}
