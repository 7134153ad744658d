import type { Channel } from '../channel/channel.js'
import { withoutOwnNodes } from '../channel/own-frames.js'
import type { CaptureContent } from '../engine.js'
import type { CaptureRequest, CpuProfile } from '../model.js'
import type { Course } from './course.js'
import { type CaptureSurroundings, detailsOf, withDetails } from './details.js'
import { startUnoptimized } from './precise-coverage.js'
import { sampledUtilization } from './sampled-utilization.js'
import { stackAtStart } from './stack.js'

type V8Profile = Omit<CpuProfile, 'threadmeter'>

const SECONDS = 1000

/** Takes a CPU profile over the window, or as much of it as there is. */
export async function captureCpuProfile(
  channel: Channel,
  { seconds, interval }: CaptureRequest,
  surroundings: CaptureSurroundings,
  course: Course,
): Promise<CaptureContent> {
  const stack = await stackAtStart(channel, surroundings)
  await channel.post('Profiler.enable')
  try {
    await channel.post('Profiler.setSamplingInterval', { interval })
    const start = async () => {
      // The profile's own time begins and ends within what is watched.
      const opened = surroundings.window(channel.thread)
      await channel.post('Profiler.start')
      return opened
    }
    const window = await startUnoptimized(channel, start, surroundings.collectsCoverage)
    course.started(seconds, null)
    const quiet = course.tell()
    await course.wait(seconds * SECONDS).finally(quiet)
    const { profile } = await channel.post<{ profile: V8Profile }>('Profiler.stop')
    return withDetails(
      // Others may have asked the thread by interrupts meanwhile.
      withoutOwnNodes(profile),
      detailsOf('cpu-profile', channel, surroundings, {
        stackAtStart: stack,
        window: { ...window.close(), eventLoopUtilization: sampledUtilization(profile) },
        partial: course.cutShort,
      }),
    )
  } finally {
    // Stops what was not stopped, too.
    await channel.post('Profiler.disable').catch(() => {})
  }
}
