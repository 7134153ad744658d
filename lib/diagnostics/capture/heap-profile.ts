import { ThreadmeterError } from '../../errors.js'
import type { Channel } from '../channel/channel.js'
import type { CaptureContent } from '../engine.js'
import type { CaptureRequest, HeapProfile } from '../model.js'
import type { Course } from './course.js'
import { type CaptureSurroundings, detailsOf, withDetails } from './details.js'
import { stackAtStart } from './stack.js'

type V8Profile = Omit<HeapProfile, 'threadmeter'>

const SECONDS = 1000

const SAMPLED =
  'the thread has its heap sampled already, by itself or with --heap-prof: V8 has one such profile'

/** A second one would end the first, and its owner find nothing. */
async function refuseWhereSampled(channel: Channel): Promise<void> {
  // It fails where nobody samples, whoever asks.
  const isSampled = await channel.post('HeapProfiler.getSamplingProfile').then(
    () => true,
    () => false,
  )
  if (!isSampled) return
  throw new ThreadmeterError('ERR_THREADMETER_CAPTURE_FAILED', ['heap-profile', SAMPLED])
}

/** Samples what is allocated in the window, or as much of it as there is. */
export async function captureHeapProfile(
  channel: Channel,
  { seconds, interval }: CaptureRequest,
  surroundings: CaptureSurroundings,
  course: Course,
): Promise<CaptureContent> {
  await refuseWhereSampled(channel)
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
