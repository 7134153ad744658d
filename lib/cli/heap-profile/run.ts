import { HEAP_PROFILE_FORMATS } from '../../diagnostics/formats/formats.js'
import { heapProfileTree } from '../../diagnostics/formats/v8-heap-profile.js'
import type { HeapProfile } from '../../diagnostics/model.js'
import { wholeOf } from '../capture/body.js'
import { formatOption } from '../capture/formats.js'
import { secondsOf } from '../capture/options.js'
import { ProfileWriter } from '../capture/profile-writer.js'
import { type CaptureTask, runCapture } from '../capture/run-capture.js'
import type { OpenTarget } from '../capture/target.js'
import { type CommandInput, numberOption } from '../command.js'

const LEAST_INTERVAL = 64
const DEFAULT_INTERVAL = 512 * 1024
const LARGEST_INTERVAL = 1024 ** 3

/** Resolves with the exit code. */
export async function runHeapProfile(input: CommandInput, open?: OpenTarget): Promise<number> {
  const format = formatOption(input, HEAP_PROFILE_FORMATS, 'heapprofile')
  const range = { least: LEAST_INTERVAL, most: LARGEST_INTERVAL, integer: true }
  const interval = numberOption(input, 'interval', DEFAULT_INTERVAL, range)
  const writer = new ProfileWriter(input, format)
  const task: CaptureTask = {
    command: 'heap-profile',
    kind: 'heap-profile',
    thread: 'main',
    doing: 'watching allocations of',
    fields: { seconds: secondsOf(input), interval },
    begin: (target) => writer.check(target),
    async take({ body, bytes }, target, say) {
      const { raw, value } = await wholeOf<HeapProfile>(body, bytes)
      const tree = heapProfileTree(value)
      await writer.add(format === 'heapprofile' ? { tree, raw } : { tree }, target, say)
      return value.threadmeter.partial
    },
    finish: (target, say) => writer.finish(target, say),
  }
  return await runCapture(input, task, open)
}
