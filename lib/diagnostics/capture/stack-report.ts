import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel } from '../channel/channel.js'
import type { CaptureContent } from '../engine.js'
import { kernelView } from '../kernel/kernel-view.js'
import type { CaptureRequest, KernelView, StackReport } from '../model.js'
import type { Course } from './course.js'
import { type CaptureSurroundings, detailsOf } from './details.js'
import { currentStack } from './stack.js'

type Findings = Pick<StackReport, 'state' | 'frames' | 'kernel'>

// Until a thread that was just asked whether it answers is back at what it did.
const SETTLE_MS = 10

// Long enough to tell what works from what waits; the stack itself is there after a millisecond.
const LOOK_MS = 50

/** The stack of a thread that answers. */
export async function captureStack(
  channel: Channel,
  _request: CaptureRequest,
  surroundings: CaptureSurroundings,
  course: Course,
): Promise<CaptureContent> {
  const { pid, tid } = channel.thread
  const window = surroundings.window(channel.thread)
  course.started(null, null)
  await sleep(SETTLE_MS)
  // The view is of before the question: answering it, an idle thread runs.
  const looking = kernelView(pid, tid, LOOK_MS)
  const frames = await currentStack(channel)
  const state = frames.length === 0 ? 'idle' : 'javascript'
  const findings: Findings = { state, frames, kernel: await looking }
  course.throwIfAborted()
  const details = detailsOf('stack', channel, surroundings, {
    stackAtStart: frames,
    window: window.close(),
    partial: null,
  })
  return { type: 'json', json: JSON.stringify({ ...details, ...findings } satisfies StackReport) }
}

/** The report of a thread that is in a native call: what the kernel says of it. */
export function nativeStack(
  channel: Pick<Channel, 'route' | 'thread'>,
  kernel: KernelView,
  surroundings: CaptureSurroundings,
): CaptureContent {
  const details = detailsOf('stack', channel, surroundings, {
    stackAtStart: null,
    window: surroundings.window(channel.thread).close(),
    partial: null,
  })
  const findings: Findings = { state: 'native', frames: [], kernel }
  return { type: 'json', json: JSON.stringify({ ...details, ...findings } satisfies StackReport) }
}
