import type { Channel } from '../channel/channel.js'
import type { CaptureContent } from '../engine.js'
import type { CaptureRequest, HeapProfile } from '../model.js'
import type { Course } from './course.js'
import { type CaptureSurroundings, detailsOf, withDetails } from './details.js'
import { stackAtStart } from './stack.js'

type V8Profile = Omit<HeapProfile, 'threadmeter'>

const SECONDS = 1000

/** Samples what is allocated in the window, or as much of it as there is. */
export async function captureHeapProfile(
  channel: Channel,
  { seconds, interval }: CaptureRequest,
  surroundings: CaptureSurroundings,
  course: Course,
): Promise<CaptureContent> {
  const stack = await stackAtStart(channel, surroundings)
  try {
    await channel.post('HeapProfiler.startSampling', { samplingInterval: interval })
    const window = surroundings.window(channel.thread)
    course.started(seconds, null)
    const quiet = course.tell()
    await course.wait(seconds * SECONDS).finally(quiet)
    const figures = window.close()
    const { profile } = await channel.post<{ profile: V8Profile }>('HeapProfiler.stopSampling')
    return withDetails(
      profile,
      detailsOf('heap-profile', channel, surroundings, {
        stackAtStart: stack,
        window: figures,
        partial: course.cutShort,
      }),
    )
  } finally {
    // Stops what was not stopped, too.
    await channel.post('HeapProfiler.disable').catch(() => {})
  }
}
