import { PROFILE_FORMATS } from '../../diagnostics/formats/formats.js'
import { cpuProfileTree } from '../../diagnostics/formats/v8-cpu-profile.js'
import type { CpuProfile } from '../../diagnostics/model.js'
import { wholeOf } from '../capture/body.js'
import { formatOption } from '../capture/formats.js'
import { secondsOf } from '../capture/options.js'
import { ProfileWriter } from '../capture/profile-writer.js'
import { type CaptureTask, runCapture } from '../capture/run-capture.js'
import type { OpenTarget } from '../capture/target.js'
import { type CommandInput, numberOption } from '../command.js'

const LEAST_INTERVAL = 50
const DEFAULT_INTERVAL = 1000
const LONGEST_INTERVAL = 1_000_000

/** Resolves with the exit code. */
export async function runProfile(input: CommandInput, open?: OpenTarget): Promise<number> {
  if (input.options.native === true) return (await import('./native.js')).runNativeProfile(input)
  const format = formatOption(input, PROFILE_FORMATS, 'cpuprofile')
  const range = { least: LEAST_INTERVAL, most: LONGEST_INTERVAL }
  const interval = numberOption(input, 'interval', DEFAULT_INTERVAL, range)
  const writer = new ProfileWriter(input, format)
  const task: CaptureTask = {
    command: 'profile',
    kind: 'cpu-profile',
    thread: 'main',
    doing: 'profiling',
    fields: { seconds: secondsOf(input), interval },
    begin: (target) => writer.check(target),
    async take({ body, bytes }, target, say) {
      const { raw, value } = await wholeOf<CpuProfile>(body, bytes)
      const tree = cpuProfileTree(value)
      await writer.add(format === 'cpuprofile' ? { tree, raw } : { tree }, target, say)
      return value.threadmeter.partial
    },
    finish: (target, say) => writer.finish(target, say),
  }
  return await runCapture(input, task, open)
}
