import type { Channel } from '../channel/channel.js'
import type { CaptureContent } from '../engine.js'
import type { CaptureKind, CaptureRequest } from '../model.js'
import { Course } from './course.js'
import { captureCpuProfile } from './cpu-profile.js'
import type { CaptureSurroundings } from './details.js'
import { captureGcProfile } from './gc-profile.js'
import { captureHeapProfile } from './heap-profile.js'
import { captureHeapSnapshot } from './heap-snapshot.js'
import { captureStack } from './stack-report.js'
import { unlessAborted } from './unless-aborted.js'

type Capture = (
  channel: Channel,
  request: CaptureRequest,
  surroundings: CaptureSurroundings,
  course: Course,
) => Promise<CaptureContent>

const CAPTURES: Readonly<Record<CaptureKind, Capture>> = {
  stack: captureStack,
  'cpu-profile': captureCpuProfile,
  'heap-profile': captureHeapProfile,
  'heap-snapshot': captureHeapSnapshot,
  'gc-profile': captureGcProfile,
}

/**
 * Does what was asked for over a conversation with a thread that answers, and leaves nothing of it behind in
 * the thread: no profiler, no sampling, no object. Profiles end early, with what there is, when the request
 * is aborted or the thread ends; all else rejects then, with the signal's reason or
 * ERR_THREADMETER_THREAD_ENDED.
 */
export async function capture(
  channel: Channel,
  request: CaptureRequest,
  surroundings: CaptureSurroundings,
): Promise<CaptureContent> {
  surroundings.signal.throwIfAborted()
  const course = new Course(channel, surroundings)
  const work = CAPTURES[request.kind](channel, request, surroundings, course)
  // Before it has begun there is nothing to wait for; the end of the channel tidies up.
  const hasNothing = () => !course.isStarted
  try {
    return await unlessAborted(work, surroundings.signal, hasNothing)
  } finally {
    course.finish()
  }
}
