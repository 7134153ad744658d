import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel } from '../channel/channel.js'
import type { CaptureContent } from '../engine.js'
import { kernelView } from '../kernel/kernel-view.js'
import type { CaptureRequest, KernelView, StackFrame, StackReport } from '../model.js'
import type { Course } from './course.js'
import { type CaptureSurroundings, detailsOf } from './details.js'
import { currentStack } from './stack.js'

type Findings = Pick<StackReport, 'state' | 'frames' | 'kernel'>

// Until a thread that was just asked whether it answers is back at what it did.
const SETTLE_MS = 10

// Long enough to tell what works from what waits; the stack itself is there after a millisecond.
const LOOK_MS = 50

// A thread whose microtasks never end is mostly found between two of them.
const MOST_LOOKS = 5
const TRIES_IN_LOOK = 8

type Look = Pick<Findings, 'frames' | 'kernel'>

const POLLS = new Set(['epoll_wait', 'epoll_pwait', 'epoll_pwait2'])

/** Whether the thread waits in its event loop, as far as the kernel tells. */
const waits = ({ state, syscall }: KernelView): boolean =>
  state === null || (state === 'S' && (syscall === null || POLLS.has(syscall)))

async function look(channel: Channel, tries: number): Promise<Look> {
  const { pid, tid } = channel.thread
  // The view is of before the question: answering it, an idle thread runs.
  const looking = kernelView(pid, tid, LOOK_MS)
  let frames: readonly StackFrame[] = []
  for (let i = 0; i < tries && frames.length === 0; i++) frames = await currentStack(channel)
  return { frames, kernel: await looking }
}

/** A thread that runs no function, and does not wait, is looked at again. */
async function find(channel: Channel): Promise<Findings> {
  let found = await look(channel, 1)
  for (let i = 1; i < MOST_LOOKS; i++) {
    if (found.frames.length > 0 || waits(found.kernel)) break
    found = await look(channel, TRIES_IN_LOOK)
  }
  const isIdle = found.frames.length === 0 && waits(found.kernel)
  return { state: isIdle ? 'idle' : 'javascript', ...found }
}

/** The stack of a thread that answers. */
export async function captureStack(
  channel: Channel,
  _request: CaptureRequest,
  surroundings: CaptureSurroundings,
  course: Course,
): Promise<CaptureContent> {
  const window = surroundings.window(channel.thread)
  course.started(null, null)
  await sleep(SETTLE_MS)
  const findings = await find(channel)
  course.throwIfAborted()
  const details = detailsOf('stack', channel, surroundings, {
    stackAtStart: findings.frames,
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
